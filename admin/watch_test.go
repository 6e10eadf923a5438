package admin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/internal/sentineltest"
)

// states are those of a failover that has a replica to reconfigure, as they are told.
func states() []string {
	return []string{"select_slave", "send_slaveof_noone", "wait_promotion", "reconf_slaves", "update_config"}
}

// permit changes what everybody may do at the Sentinels.
func (r *rig) permit(rules ...string) {
	for _, s := range r.Sentinels {
		r.cli(s.Node, slices.Concat([]string{"ACL", "SETUSER", "default"}, rules)...)
	}
}

// TestFailoverIsHeard: nobody may ask about the master until the Sentinel that leads has published the
// switch. So all that is told by then was heard.
func TestFailoverIsHeard(t *testing.T) {
	t.Parallel()
	if v, err := sentineltest.ServerVersion(t.Context()); err != nil || !v.AtLeast(7, 0) {
		t.Logf("a Sentinel of %v cannot refuse one of its commands", v)
		return
	}
	r := newRig(t, sentineltest.Config{})
	var told []string
	leads := ""
	answer := r.do(admin.Operation{Action: admin.Failover, Master: name, Way: admin.Plain}, func(text string) {
		told = append(told, text)
		if at, is := strings.CutSuffix(text, ": SENTINEL FAILOVER "+name); is {
			leads = at
			r.permit("-sentinel|master")
		}
		if strings.HasPrefix(text, leads+": tells its clients to go to ") {
			r.permit("+@all")
		}
	})
	r.want(answer, admin.Done, true)
	at := -1
	for _, state := range states() {
		switch i := slices.Index(told, leads+": "+state); {
		case i < 0 && state == "update_config": // the first ones may come before the stream is up
			t.Errorf("of the end nothing is told: %q", told)
		case i >= 0 && i < at:
			t.Errorf("%s is told at %d, a state before it at %d: %q", state, i, at, told)
		default:
			at = max(at, i)
		}
	}
	for _, s := range r.Sentinels {
		if !slices.Contains(told, s.Addr()+": tells its clients to go to "+answer.Address) {
			t.Errorf("of the switch that %s publishes nothing is told: %q", s.Addr(), told)
		}
	}
}

// TestFailoverIsNotHeard: who may not listen sees the failover all the same.
func TestFailoverIsNotHeard(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{ACL: []string{"user default on nopass ~* &* +@all -psubscribe"}})
	var told []string
	answer := r.do(admin.Operation{Action: admin.Failover, Master: name, Way: admin.Plain}, func(text string) { told = append(told, text) })
	r.want(answer, admin.Done, true)
	seen := slices.ContainsFunc(states(), func(state string) bool { return slices.Contains(told, answer.Results[0].Sentinel+": "+state) })
	if !seen || answer.Loss.OldMasterSeconds == nil || len(answer.Findings) > 0 {
		t.Errorf("told %q, and answered %s", told, inJSON(t, answer))
	}
}

// TestAbortIsHeard: why a failover was given up is said at once and in the result.
func TestAbortIsHeard(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, FailoverTimeout: time.Second})
	if err := r.Masters[0].Replicas[0].Hang(); err != nil {
		t.Fatal(err)
	}
	const why = "-failover-abort-slave-timeout: the replica did not become master within failover-timeout"
	var told []string
	answer := r.do(admin.Operation{Action: admin.Failover, Master: name, Way: admin.Plain}, func(text string) { told = append(told, text) })
	r.want(answer, admin.Failed, false)
	result := answer.Results[0]
	if !slices.Contains(told, result.Sentinel+": "+why) || !contains(result.Error, "was aborted", "("+why+")") {
		t.Errorf("told %q, and the error is %q", told, result.Error)
	}
}
