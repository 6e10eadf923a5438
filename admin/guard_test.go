package admin_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/internal/sentineltest"
)

// guarded wants an operation, and its dry run, to be refused with a finding, and
// nothing to be sent.
func (r *rig) guarded(op admin.Operation, check, message string) {
	r.t.Helper()
	for _, dry := range []bool{false, true} {
		op.DryRun = dry
		r.sendsNothing(check, func() {
			_, err := r.operator.Do(r.within(10*time.Second), op, nil)
			var guarded *admin.GuardedError
			if !errors.As(err, &guarded) {
				r.t.Errorf("%s: got the error %v", check, err)
				return
			}
			for _, f := range guarded.Findings {
				if f.Check == check && strings.Contains(f.Message, message) && f.Hint != "" {
					return
				}
			}
			r.t.Errorf("%s (%s): got the findings %s", check, message, inJSON(r.t, guarded.Findings))
		})
	}
}

func TestGuardFailoverInProgress(t *testing.T) {
	t.Parallel()
	// A replica that does not answer any more makes the failover last.
	r := newRig(t, sentineltest.Config{Replicas: 1, FailoverTimeout: 8 * time.Second, Proxied: true})
	if err := r.Masters[0].Replicas[0].Hang(); err != nil {
		t.Fatal(err)
	}
	r.cli(r.Sentinels[2].Node, "SENTINEL", "FAILOVER", name)
	failover := admin.Operation{Action: admin.Failover, Master: name}
	r.guarded(failover, "failover_in_progress", r.Sentinels[2].Proxy.Addr())
	r.guarded(admin.Operation{Action: admin.Reset, Master: name}, "failover_in_progress", "state")
	for i := range 2 {
		if r.row(i, "SENTINEL", "MASTER", name).Get("failover-state") != "" {
			t.Errorf("Sentinel %d fails over", i)
		}
	}
}

func TestGuardNoReplica(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Proxied: true})
	r.cli(r.Masters[0].Replicas[0], "CONFIG", "SET", "replica-priority", "0")
	sentineltest.WaitFor(t, "the Sentinels to see the priority", func() bool {
		for _, s := range r.Sentinels {
			rows, err := s.Rows(t.Context(), "SENTINEL", "REPLICAS", name)
			if err != nil || len(rows) != 1 || rows[0].Get("slave-priority") != "0" {
				return false
			}
		}
		return true
	})
	op := admin.Operation{Action: admin.Failover, Master: name}
	r.guarded(op, "no_promotable_replica", "")
	op.Force = true // overrides the guard, and not the Sentinel's own refusal
	answer := r.do(op, nil)
	r.want(answer, admin.Failed, false)
	if !contains(answer.Results[0].Error, "NOGOODSLAVE") || len(answer.Findings) != 1 {
		t.Errorf("with force: got %s", inJSON(t, answer))
	}
}

func TestGuardTilt(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Proxied: true})
	if err := r.Sentinels[0].ForceTilt(r.within(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	op := admin.Operation{Action: admin.Failover, Master: name}
	r.guarded(op, "sentinel_tilt", r.Sentinels[0].Proxy.Addr())
	op.Force = true
	answer := r.do(op, nil)
	r.want(answer, admin.Done, true)
	if answer.Results[0].Sentinel == r.Sentinels[0].Proxy.Addr() || len(answer.Findings) == 0 {
		t.Errorf("with force: one in TILT leads, or nothing is said of it: %s", inJSON(t, answer))
	}
}

func TestGuardDisagreement(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Proxied: true})
	wrong := r.Masters[0].Replicas[0]
	r.cli(r.Sentinels[1].Node, "SENTINEL", "REMOVE", name)
	r.cli(r.Sentinels[1].Node, "SENTINEL", "MONITOR", name, wrong.Host(), strings.TrimPrefix(wrong.Addr(), wrong.Host()+":"), "2")
	r.guarded(admin.Operation{Action: admin.Failover, Master: name}, "master_disagreement", wrong.Addr())
}

// TestGuardNodeListedTwice: a failover to a replica that the Sentinels know at two
// addresses would make it a replica of itself. A reset makes them forget one of the two.
func TestGuardNodeListedTwice(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Proxied: true, NodeConf: []string{"bind 127.0.0.1 127.0.0.2"}})
	r.cli(r.Masters[0].Replicas[0], "CONFIG", "SET", "replica-announce-ip", "127.0.0.2")
	r.cli(r.Masters[0].Replicas[0], "CLIENT", "KILL", "TYPE", "master") // it announces itself when it connects
	sentineltest.WaitFor(t, "the Sentinels to reach it at both addresses", func() bool {
		for _, s := range r.Sentinels {
			rows, err := s.Rows(t.Context(), "SENTINEL", "REPLICAS", name)
			if err != nil || len(rows) != 2 || rows[0].Get("runid") != rows[1].Get("runid") || rows[0].Get("flags") != "slave" || rows[1].Get("flags") != "slave" {
				return false
			}
		}
		return true
	})
	failover := admin.Operation{Action: admin.Failover, Master: name}
	r.guarded(failover, "node_listed_twice", "127.0.0.2:")
	r.want(r.do(admin.Operation{Action: admin.Reset, Master: name}, nil), admin.Done, true, true, true)
	r.shows(name, "num-slaves", "1")
	failover.DryRun = true
	r.want(r.do(failover, nil), admin.Done, false)
}

func TestGuardMasterDown(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Proxied: true})
	for _, s := range r.Sentinels { // a quorum that cannot be reached, so that no failover follows
		r.cli(s.Node, "SENTINEL", "SET", name, "quorum", "4")
	}
	r.Masters[0].Node.Kill()
	sentineltest.WaitFor(t, "a Sentinel to see it", func() bool {
		return strings.Contains(r.row(0, "SENTINEL", "MASTER", name).Get("flags"), "s_down")
	})
	op := admin.Operation{Action: admin.Reset, Master: name}
	r.guarded(op, "master_sdown", r.Masters[0].Node.Addr())
	r.shows(name, "num-slaves", "1")
	op.Force = true
	ctx, cancel := context.WithCancel(r.within(30 * time.Second))
	defer cancel()
	answer, err := r.operator.Do(ctx, op, func(text string) {
		if strings.Contains(text, "waiting") { // in vain: the master is gone
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	r.want(answer, admin.Failed, true, false, false)
	r.shows(name, "num-slaves", "0", "1", "1")
}

func TestGuardAddressTaken(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Proxied: true})
	for role, node := range map[string]*sentineltest.Node{"master": r.Masters[0].Node, "replica": r.Masters[0].Replicas[0]} {
		r.guarded(admin.Operation{Action: admin.Monitor, Master: "second", Address: node.Addr(), Quorum: 2}, "address_taken", role+` of "mymaster"`)
	}
	r.shows("second", "ip", "")
	op := admin.Operation{Action: admin.Monitor, Master: "second", Address: r.Masters[0].Node.Addr(), Quorum: 2, Force: true}
	r.want(r.do(op, nil), admin.Done, true, true, true)
	r.shows("second", "quorum", "2")
}

// TestMonitorByName: Sentinels that resolve host names and do not announce them show the
// IP address of a master that they were told by name.
func TestMonitorByName(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Proxied: true, SentinelConf: []string{"sentinel resolve-hostnames yes"}})
	byName := func(n *sentineltest.Node) string { return net.JoinHostPort("localhost", strconv.Itoa(n.Port())) }
	r.guarded(admin.Operation{Action: admin.Monitor, Master: "second", Address: byName(r.Masters[0].Node), Quorum: 2}, "address_taken", `master of "mymaster"`)
	r.guarded(admin.Operation{Action: admin.Monitor, Master: "second", Address: byName(r.Masters[0].Replicas[0]), Quorum: 2}, "address_taken", `replica of "mymaster"`)
	again := admin.Operation{Action: admin.Monitor, Master: name, Address: byName(r.Masters[0].Node), Quorum: 2}
	r.want(r.do(again, nil), admin.Done, false, false, false)
	again.Address = byName(r.Masters[0].Replicas[0])
	r.guarded(again, "monitored_elsewhere", r.Masters[0].Node.Addr())
	r.shows(name, "port", strconv.Itoa(r.Masters[0].Node.Port()))

	r.cli(r.Sentinels[1].Node, "SENTINEL", "CONFIG", "SET", "resolve-hostnames", "no")
	answer := r.do(admin.Operation{Action: admin.Monitor, Master: "third", Address: "localhost:1", Quorum: 2}, nil)
	r.want(answer, admin.Partial, true, false, true)
	if got := answer.Results[1].Error; !contains(got, "resolve-hostnames yes") {
		t.Errorf("the one that does not resolve names says %s", got)
	}
}

func TestDryRunSendsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Masters: []string{name, "other"}, Replicas: 1, Proxied: true})
	for _, test := range []struct {
		op   admin.Operation
		want string
		n    int
	}{
		{admin.Operation{Action: admin.Failover, Master: name}, "SENTINEL FAILOVER mymaster", 1},
		{admin.Operation{Action: admin.Reset, Master: name}, "SENTINEL RESET mymaster", 3},
		{admin.Operation{Action: admin.Set, Master: name, Settings: set("quorum", 1, "auth-pass", canary)}, "SENTINEL SET mymaster quorum 1, SENTINEL SET mymaster auth-pass ******", 3},
		{admin.Operation{Action: admin.Monitor, Master: "third", Address: "127.0.0.1:1", Quorum: 1}, "SENTINEL MONITOR third 127.0.0.1:1 1", 3},
		{admin.Operation{Action: admin.Remove, Master: "other"}, "SENTINEL REMOVE other", 3},
		{admin.Operation{Action: admin.FlushConfig}, "SENTINEL FLUSHCONFIG", 3},
	} {
		test.op.DryRun = true
		sendsNothing := r.sendsNothing
		if test.op.Action == admin.Failover { // it asks for subscribers and for the lag
			sendsNothing = func(_ string, do func()) { do() }
		}
		sendsNothing("dry run of "+string(test.op.Action), func() {
			answer := r.do(test.op, nil)
			r.want(answer, admin.Done, make([]bool, test.n)...)
			for _, result := range answer.Results {
				if got := strings.Join(result.Commands, ", "); got != test.want {
					t.Errorf("%s: it would send %q, want %q", test.op.Action, got, test.want)
				}
			}
			if !answer.DryRun || strings.Contains(inJSON(t, answer), canary) {
				t.Errorf("%s: got %s", test.op.Action, inJSON(t, answer))
			}
		})
	}
	r.shows(name, "config-epoch", "0")
	// The measure sees the smallest of changes.
	for i, bytes := range r.sent(func() { r.do(admin.Operation{Action: admin.FlushConfig}, nil) }) {
		if bytes == 0 {
			t.Errorf("a FLUSHCONFIG to Sentinel %d was not counted", i)
		}
	}
}

// TestGuardLosesData: Sentinel would promote a replica that is empty.
func TestGuardLosesData(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, MasterPassword: canary, Proxied: true})
	replica := r.Masters[0].Replicas[0]
	r.cli(replica, "CONFIG", "SET", "masterauth", "wrong")
	r.cli(replica, "CONFIG", "REWRITE")
	replica.Kill()
	if err := os.RemoveAll(filepath.Join(replica.Dir(), "dump.rdb")); err != nil {
		t.Fatal(err)
	}
	if err := replica.Restart(r.within(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	sentineltest.WaitFor(t, "the Sentinels to see that its link was never up", func() bool {
		for _, s := range r.Sentinels {
			rows, err := s.Rows(t.Context(), "SENTINEL", "REPLICAS", name)
			if err != nil || len(rows) != 1 || rows[0].Get("flags") != "slave" || rows[0].Get("master-link-down-time") != "-1000" {
				return false
			}
		}
		return true
	})
	r.guarded(admin.Operation{Action: admin.Failover, Master: name}, "failover_loses_data", replica.Addr())
}
