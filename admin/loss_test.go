package admin_test

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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

// behind is how far a replica is behind in bytes, and since when in seconds, as redis-cli has it from the master's list, or
// from both where the master does not list it.
func (r *rig) behind(master, heir *sentineltest.Node) (bytes int64, since float64) {
	r.t.Helper()
	info := func(n *sentineltest.Node) map[string]string {
		fields, err := n.Info(r.within(20*time.Second), "replication")
		if err != nil {
			r.t.Fatal(err)
		}
		return fields
	}
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			r.t.Fatal(err)
		}
		return n
	}
	at := info(master)
	if line := at["slave0"]; line != "" {
		fields := make(map[string]string)
		for field := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(field, "=")
			fields[name] = value
		}
		return number(at["master_repl_offset"]) - number(fields["offset"]), float64(number(fields["lag"]))
	}
	alone := info(heir)
	return number(at["master_repl_offset"]) - number(alone["slave_repl_offset"]), float64(number(alone["master_link_down_since_seconds"]))
}

// TestLagNow: with an account, how far the replica is behind is what the master says at that moment, or both if it has lost the
// replica. redis-cli asks before and after.
func TestLagNow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		lag      func(r *rig, master, heir *sentineltest.Node)
		end      func(heir *sentineltest.Node) error
		seconds  float64 // that it is behind at least
		atOnce   bool    // the seconds are those since an acknowledgement, which goes on
		sentence string
	}{
		{
			name: "it applies nothing", atOnce: true, sentence: " bytes behind, and has last acknowledged ",
			lag: func(r *rig, _, heir *sentineltest.Node) { r.cli(heir, "CLIENT", "PAUSE", "60000", "WRITE") },
		},
		{
			name: "it hangs", seconds: 2, sentence: " bytes behind, and has last acknowledged ",
			lag: func(r *rig, _, heir *sentineltest.Node) {
				if err := heir.Hang(); err != nil {
					r.t.Fatal(err)
				}
			},
			end: (*sentineltest.Node).Resume,
		},
		{
			name: "it has lost its master", seconds: 1, sentence: " bytes behind, and has no link to its master, for ",
			lag: func(r *rig, master, _ *sentineltest.Node) {
				r.cli(master, "ACL", "SETUSER", "default", "-psync", "-sync")
				r.cli(master, "CLIENT", "KILL", "TYPE", "replica")
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sentineltest.Config{Replicas: 1, DownAfter: 20 * time.Second, NodeConf: []string{sentineltest.DocumentedUser(t, "../docs/admin.md", "preflight", canary)}})
			r.operator.UseNodes(&sentinel.Options{Username: "preflight", Password: func() (string, error) { return canary, nil }})
			master, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
			const size = 100_000
			plan := admin.Operation{Action: admin.Failover, Master: name, Way: admin.Plain, DryRun: true}
			// A Sentinel does not promote a replica that has hung for 5 s: on a busy machine it takes another turn.
			sentineltest.WaitFor(t, "a look at what lags", func() bool {
				test.lag(r, master, heir)
				if test.end != nil {
					defer func() {
						if err := test.end(heir); err != nil {
							t.Error(err)
						}
					}()
				}
				r.cli(master, "SET", "big", strings.Repeat("x", size))
				sentineltest.WaitFor(t, "the lag", func() bool {
					bytes, since := r.behind(master, heir)
					return bytes > size && since >= test.seconds
				})
				bytes, since := r.behind(master, heir)
				answer := r.do(plan, nil)
				mostBytes, mostSince := r.behind(master, heir)
				loss := answer.Loss
				if loss.LagBytes == nil {
					t.Logf("it says %s", loss.Risk)
					return false
				}
				if *loss.LagBytes < bytes || *loss.LagBytes > mostBytes {
					t.Errorf("it is said to be %d bytes behind; redis-cli sees %d before and %d after", *loss.LagBytes, bytes, mostBytes)
				}
				if test.atOnce {
					since, mostSince = 0, 2
				}
				if loss.LagSeconds == nil || *loss.LagSeconds < since || *loss.LagSeconds > mostSince {
					t.Errorf("the seconds are %v; redis-cli sees %v before and %v after", loss.LagSeconds, since, mostSince)
				}
				if loss.LagAgeSeconds == nil || *loss.LagAgeSeconds != 0 || !contains(loss.Risk, heir.Addr()+" is "+strconv.FormatInt(*loss.LagBytes, 10)+test.sentence) {
					t.Errorf("it says %s", inJSON(t, loss))
				}
				return true
			})
			r.NothingDenied(t, "preflight")
		})
	}
}

// TestLagHeard: without an account no node is asked, and the lag is what a Sentinel had; as it is where the account does not work.
func TestLagHeard(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1})
	plan := admin.Operation{Action: admin.Failover, Master: name, Way: admin.Plain, DryRun: true}
	connections := func() (sum int) {
		for _, n := range r.Masters[0].DataNodes() {
			info, err := n.Info(r.within(20*time.Second), "stats")
			if err != nil {
				t.Fatal(err)
			}
			total, err := strconv.Atoi(info["total_connections_received"])
			if err != nil {
				t.Fatal(err)
			}
			sum += total
		}
		return sum
	}
	heir := r.Masters[0].Replicas[0].Addr()
	heard := func() *admin.Loss {
		t.Helper()
		loss := r.do(plan, nil).Loss
		if loss.LagBytes == nil || loss.LagAgeSeconds == nil || !contains(loss.Risk, " ago "+heir+" was ") {
			t.Errorf("it says %s", inJSON(t, loss))
		}
		return loss
	}
	before := connections()
	heard()
	const own = 2 // those of redis-cli
	if after := connections(); after != before+own {
		t.Errorf("the nodes have had %d connections", after-before-own)
	}
	r.operator.UseNodes(&sentinel.Options{Username: "nobody", Password: func() (string, error) { return canary, nil }})
	if loss := heard(); !contains(loss.Risk, "how far it is behind now is not known: ", "WRONGPASS") || contains(loss.Risk, canary) {
		t.Errorf("it says %s", inJSON(t, loss))
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
