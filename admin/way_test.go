package admin_test

import (
	"errors"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// A wayRig is a real deployment with the read-only account of docs/admin.md, and whether it can coordinate a failover.
type wayRig struct {
	*rig
	able bool
}

func newWayRig(t *testing.T) *wayRig {
	t.Helper()
	version, err := sentineltest.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, sentineltest.Config{Replicas: 1, NodeConf: []string{sentineltest.DocumentedUser(t, "../docs/admin.md", "preflight", canary)}})
	r.operator.UseNodes(&sentinel.Options{Username: "preflight", Password: func() (string, error) { return canary, nil }})
	return &wayRig{r, version.Product == "valkey" && version.Major >= 9}
}

// chooses holds a failover without a way to the one that is chosen for it, and to the reason.
func (r *wayRig) chooses(way admin.Way, why string) {
	r.t.Helper()
	if !r.able {
		way, why = admin.Plain, "only Valkey from 9.0 on does"
	}
	answer := r.do(admin.Operation{Action: admin.Failover, Master: name, DryRun: true}, nil)
	if answer.Way != way || !contains(answer.WayReason, why) || !contains(answer.WayWords(), string(way), why) {
		r.t.Errorf("it would be %s because %s; want %s because %s", answer.Way, answer.WayReason, way, why)
	}
	if sent := answer.Results[0].Commands[0]; contains(sent, "COORDINATED") != (way == admin.Coordinated) {
		r.t.Errorf("a %s failover would send %s", way, sent)
	}
	if contains(inJSON(r.t, answer), canary) {
		r.t.Errorf("the password is told: %s", inJSON(r.t, answer))
	}
}

// TestWay: a failover is coordinated where all Sentinels and the master can, and where the master is known to permit it.
func TestWay(t *testing.T) {
	t.Parallel()
	r := newWayRig(t)
	account := &sentinel.Options{Username: "preflight", Password: func() (string, error) { return canary, nil }}
	sentineltest.WaitFor(t, "the Sentinels to know the master, and it all of them", func() bool {
		return !r.able || r.do(admin.Operation{Action: admin.Failover, Master: name, DryRun: true}, nil).Way == admin.Coordinated
	})
	r.chooses(admin.Coordinated, "all Sentinels and the master can")
	r.NothingDenied(t, "preflight")
	master := r.Masters[0].Node
	for _, command := range []string{"failover", "client|pause", "client|unpause"} {
		r.cli(master, "ACL", "SETUSER", "default", "-"+command)
		r.chooses(admin.Plain, `to the user "default" of the Sentinels`)
		_, err := r.operator.Do(t.Context(), admin.Operation{Action: admin.Failover, Master: name, Way: admin.Coordinated}, nil)
		if guarded, ok := errors.AsType[*admin.GuardedError](err); !ok || r.able && !contains(guarded.Error(), master.Addr()+" refuses") {
			t.Errorf("without +%s: got the error %v", command, err)
		}
		r.cli(master, "ACL", "SETUSER", "default", "+"+command)
	}
	r.cli(master, "ACL", "SETUSER", "preflight", "-acl|dryrun")
	r.chooses(admin.Plain, "it is not known whether the master permits")
	r.operator.UseNodes(nil)
	r.chooses(admin.Plain, "no data node is asked")
	r.operator.UseNodes(account)
	r.cli(master, "ACL", "SETUSER", "preflight", "+acl|dryrun")
	r.Sentinels[2].Kill()
	answer := r.do(admin.Operation{Action: admin.Failover, Master: name, DryRun: true}, nil)
	if answer.Way != admin.Plain || !contains(answer.WayReason, r.Sentinels[2].Addr()+" does not answer") {
		t.Errorf("with a Sentinel that is down it would be %s because %s", answer.Way, answer.WayReason)
	}
}

// TestHandoverRenamed: whether the Sentinels have the new name of FAILOVER nobody can tell, and without it a coordinated
// failover is given up.
func TestHandoverRenamed(t *testing.T) {
	t.Parallel()
	version, err := sentineltest.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if version.Product != "valkey" || version.Major < 9 {
		return // TestCoordinatedVersions
	}
	r := newRig(t, sentineltest.Config{Replicas: 1, FailoverTimeout: 2 * time.Second, NodeConf: []string{
		"rename-command FAILOVER HANDOVER", sentineltest.DocumentedUser(t, "../docs/admin.md", "preflight", canary),
	}})
	r.operator.UseNodes(&sentinel.Options{Username: "preflight", Password: func() (string, error) { return canary, nil }})
	failover := admin.Operation{Action: admin.Failover, Master: name}
	planned := failover
	planned.DryRun = true
	sentineltest.WaitFor(t, "the master to be asked", func() bool {
		answer := r.do(planned, nil)
		if answer.Way != admin.Plain {
			t.Fatalf("it would be %s", answer.Way)
		}
		return contains(answer.WayReason, "does not know FAILOVER TO", "rename-command")
	})
	asked := failover
	asked.Way = admin.Coordinated
	answer := r.do(asked, nil)
	r.want(answer, admin.Failed, false)
	if got := answer.Results[0].Error; !contains(got, "aborted") {
		t.Errorf("it says %s", got)
	}
	if out := r.cli(r.Masters[0].Node, "SET", "after", "1"); out != "OK" {
		t.Errorf("the master answers %s", out)
	}
	r.want(r.do(failover, nil), admin.Done, true)
	r.NothingDenied(t, "preflight")
}
