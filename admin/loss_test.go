package admin_test

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// TestFailoverCountsTheLoss: what the old master is sent after the promotion is counted as lost, and
// the failover is not over before it is a replica.
func TestFailoverCountsTheLoss(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1})
	old, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
	const size = 100_000
	promoted := false
	answer := r.do(admin.Operation{Action: admin.Failover, Master: name}, func(text string) {
		if promoted || !strings.Contains(text, "is promoted") {
			return
		}
		promoted = true
		r.cli(old, "SET", "lost", strings.Repeat("x", size))
	})
	r.want(answer, admin.Done, true)
	if role := r.cli(old, "ROLE"); !strings.HasPrefix(role, "slave") {
		t.Errorf("the failover is said to be over, and the old master has the role %q", role)
	}
	if got := r.cli(heir, "EXISTS", "lost"); !promoted || got != "0" {
		t.Errorf("promoted: %v; the write after that is on the new master %q times", promoted, got)
	}
	loss := answer.Loss
	if loss == nil || loss.LostBytes == nil || loss.OldMasterSeconds == nil || loss.LagBytes == nil {
		t.Fatalf("what is lost is not said: %s", inJSON(t, answer))
	}
	if *loss.LostBytes < size || *loss.LostBytes > size+20_000 { // the hellos are in it
		t.Errorf("%d bytes are said to be lost: %s", *loss.LostBytes, loss.Outcome)
	}
	if *loss.OldMasterSeconds < answer.Seconds/2 || *loss.OldMasterSeconds > 30 {
		t.Errorf("it took writes until %v s after the command; the failover took %v s", *loss.OldMasterSeconds, answer.Seconds)
	}
	// The offset is where the history of the new master begins.
	_, second, _ := strings.Cut(r.cli(heir, "INFO", "replication"), "second_repl_offset:")
	if second, _, _ = strings.Cut(second, "\r"); second != strconv.FormatInt(*loss.PromotedOffset+1, 10) {
		t.Errorf("it took over at %d, and says second_repl_offset:%s", *loss.PromotedOffset, second)
	}
	if !contains(loss.Risk, "Writes can be lost", old.Addr(), heir.Addr()+" was ") || !contains(loss.Outcome, old.Addr()+" took writes until", "Lost: ") {
		t.Errorf("it says %q and %q", loss.Risk, loss.Outcome)
	}
}

// subscribe listens to the events of a Sentinel until the test ends.
func (r *rig) subscribe(s *sentineltest.Sentinel) {
	r.t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	_, _ = fmt.Fprint(conn, "SUBSCRIBE +switch-master\r\n")
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		r.t.Fatal(err)
	}
}

// TestLeastHeardLeads: the Sentinel with the fewest subscribers leads; if nobody may count them,
// the last one.
func TestLeastHeardLeads(t *testing.T) {
	t.Parallel()
	acl := "user default on nopass ~* &* +@all -client"
	for what, test := range map[string]struct {
		acl        []string
		subscribed []int
		want       int
	}{
		"the second":        {nil, []int{0, 2}, 1},
		"the first":         {nil, []int{1, 2}, 0},
		"who may not count": {[]string{acl}, []int{2}, 2},
		"the third":         {nil, []int{0, 1, 1}, 2},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sentineltest.Config{Replicas: 1, ACL: test.acl})
			if info := r.cli(r.Sentinels[0].Node, "INFO", "clients"); test.acl != nil && strings.Contains(info, "pubsub_clients") {
				test.want = 0 // or 1: INFO tells, which is permitted
				r.subscribe(r.Sentinels[1])
			}
			for _, i := range test.subscribed {
				r.subscribe(r.Sentinels[i])
			}
			answer := r.do(admin.Operation{Action: admin.Failover, Master: name, DryRun: true}, nil)
			if got := answer.Results[0].Sentinel; got != r.Sentinels[test.want].Addr() {
				t.Errorf("%s leads, want %s", got, r.Sentinels[test.want].Addr())
			}
		})
	}
}

// hearOnly makes only one Sentinel hear from the nodes.
func (r *rig) hearOnly(i int) {
	for n, s := range r.Sentinels {
		period := "3600000"
		if n == i {
			period = "200"
		}
		r.cli(s.Node, "SENTINEL", "DEBUG", "info-period", period)
	}
}

// setPriority sets the priority of a replica, and waits until some Sentinels have heard of it.
func (r *rig) setPriority(n *sentineltest.Node, priority string, at ...*sentineltest.Sentinel) {
	r.cli(n, "CONFIG", "SET", "replica-priority", priority)
	sentineltest.WaitFor(r.t, "the Sentinels to hear it", func() bool {
		return !slices.ContainsFunc(at, func(s *sentineltest.Sentinel) bool {
			rows, err := s.Rows(r.t.Context(), "SENTINEL", "REPLICAS", name)
			return err != nil || !slices.ContainsFunc(rows, func(row sentineltest.Row) bool {
				return hostPort(row) == n.Addr() && row.Get("slave-priority") == priority
			})
		})
	})
}

// TestOutdatedHeir: one Sentinel has heard that a replica is not to be promoted, before the others
// have.
func TestOutdatedHeir(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 2})
	if v, err := sentineltest.ServerVersion(t.Context()); err != nil || !v.AtLeast(7, 0) {
		t.Logf("a Sentinel of %v has no SENTINEL DEBUG to hold INFO back with", v)
		return
	}
	const aware = 1
	preferred, other := r.Masters[0].Replicas[0], r.Masters[0].Replicas[1]
	r.setPriority(preferred, "10", r.Sentinels...)
	r.hearOnly(aware)
	failover := admin.Operation{Action: admin.Failover, Master: name, DryRun: true}
	r.setPriority(preferred, "0", r.Sentinels[aware])
	if got := r.do(failover, nil).Results[0].Sentinel; got != r.Sentinels[aware].Addr() {
		t.Errorf("%s would lead, want the one that knows, %s", got, r.Sentinels[aware].Addr())
	}
	r.setPriority(other, "0", r.Sentinels[aware])
	_, err := r.operator.Do(t.Context(), failover, nil)
	if err == nil || !contains(err.Error(), "has not heard yet that its replica-priority is 0", r.Sentinels[aware].Addr()) {
		t.Errorf("got the error %v", err)
	}
}

// TestHeirExcludedMeanwhile: the replica is excluded between the first look and the command, and the
// Sentinel that leads has not heard of it: but another one has, or with an account the replica says so.
func TestHeirExcludedMeanwhile(t *testing.T) {
	t.Parallel()
	if v, err := sentineltest.ServerVersion(t.Context()); err != nil || !v.AtLeast(7, 0) {
		t.Logf("a Sentinel of %v has no SENTINEL DEBUG to hold INFO back with", v)
		return
	}
	for _, account := range []bool{false, true} {
		t.Run("account "+strconv.FormatBool(account), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sentineltest.Config{Replicas: 2, NodeConf: []string{sentineltest.DocumentedUser(t, "../docs/admin.md", "fence", canary)}})
			who := ": it says so itself"
			if account {
				r.operator.UseNodes(&sentinel.Options{Username: "fence", Password: func() (string, error) { return canary, nil }})
			}
			preferred := r.Masters[0].Replicas[0]
			r.setPriority(preferred, "10", r.Sentinels...)
			failover := admin.Operation{Action: admin.Failover, Master: name, Way: admin.Plain, Force: true}
			answer := r.do(failover, func(text string) {
				leads, is := strings.CutSuffix(text, ": SENTINEL FAILOVER "+name)
				if !is {
					return
				}
				if account {
					r.hearOnly(-1)
					r.setPriority(preferred, "0")
					return
				}
				aware := slices.IndexFunc(r.Sentinels, func(s *sentineltest.Sentinel) bool { return s.Addr() != leads })
				who = ": Sentinel " + r.Sentinels[aware].Addr() + " has"
				r.hearOnly(aware)
				r.setPriority(preferred, "0", r.Sentinels[aware])
			})
			r.want(answer, admin.Failed, false)
			if got := answer.Results[0].Error; !contains(got, "would promote "+preferred.Addr()+", and has not heard yet that its replica-priority is 0"+who) {
				t.Errorf("got the error %s", got)
			}
			r.shows(name, "config-epoch", "0")
			for i := range r.Sentinels {
				r.cli(r.Sentinels[i].Node, "SENTINEL", "DEBUG", "info-period", "200")
			}
			r.setPriority(preferred, "0", r.Sentinels...)
			if answer := r.do(failover, nil); answer.Address != r.Masters[0].Replicas[1].Addr() {
				t.Errorf("when all know it: %s", inJSON(t, answer))
			}
		})
	}
}
