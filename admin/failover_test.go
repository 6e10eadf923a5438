package admin_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestFailoverFromTwoExporters: two people use two exporters at once, which list the Sentinels in
// opposite orders. Both choose the same Sentinel, which refuses the second, or the later one sees what
// the other has begun; two Sentinels would both lead.
func TestFailoverFromTwoExporters(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{})
	addrs := r.ClientAddrs()
	slices.Reverse(addrs)
	other := admin.New(deploymentOf(t, addrs), 2*time.Second)
	answers := make([]*admin.OperationResult, 2)
	var wg sync.WaitGroup
	for i, o := range []*admin.Operator{r.operator, other} {
		wg.Go(func() {
			answers[i], _ = o.Do(r.within(90*time.Second), admin.Operation{Action: admin.Failover, Master: name}, nil)
		})
	}
	wg.Wait()
	done := 0
	for _, a := range answers {
		if a != nil && a.Completion() == admin.Done {
			done++
		}
	}
	if done != 1 {
		t.Errorf("%d of two failovers were done: %s, %s", done, inJSON(t, answers[0]), inJSON(t, answers[1]))
	}
	r.shows(name, "config-epoch", "1")
}

// TestFailoverBegunMeanwhile: after the first look somebody begins a failover at another Sentinel by
// hand, and it may have ended. Force does not override what nobody knew.
func TestFailoverBegunMeanwhile(t *testing.T) {
	t.Parallel()
	for _, ended := range []bool{false, true} {
		t.Run("ended "+strconv.FormatBool(ended), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sentineltest.Config{})
			old := r.Masters[0].Node.Addr()
			var byHand int
			answer := r.do(admin.Operation{Action: admin.Failover, Master: name, Force: true}, func(text string) {
				at, ok := strings.CutSuffix(text, ": SENTINEL FAILOVER "+name)
				if !ok {
					return
				}
				byHand = slices.IndexFunc(r.Sentinels, func(s *sentineltest.Sentinel) bool { return s.Addr() != at })
				r.cli(r.Sentinels[byHand].Node, "SENTINEL", "FAILOVER", name)
				if ended {
					sentineltest.WaitFor(t, "the failover by hand to end", func() bool {
						row := r.row(byHand, "SENTINEL", "MASTER", name)
						return hostPort(row) != old && !strings.Contains(row.Get("flags"), "failover_in_progress")
					})
				}
			})
			r.want(answer, admin.Failed, false)
			why := "a failover is in progress, which Sentinel " + r.Sentinels[byHand].Addr() + " leads"
			if ended {
				why = "another failover has just ended"
			}
			if got := answer.Results[0].Error; !strings.Contains(got, why) {
				t.Errorf("got the error %q, want that %s", got, why)
			}
			sentineltest.WaitFor(t, "all Sentinels to follow the failover by hand", func() bool {
				return !slices.ContainsFunc(r.Sentinels, func(s *sentineltest.Sentinel) bool {
					row, err := s.Row(t.Context(), "SENTINEL", "MASTER", name)
					return err != nil || hostPort(row) == old
				})
			})
			r.shows(name, "config-epoch", "1")
		})
	}
}

// TestFailover follows one to its end. Meanwhile every other operation on that
// master is refused.
func TestFailover(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{})
	old := r.Masters[0].Node.Addr()
	var steps []string
	refused := false
	began := time.Now()
	answer := r.do(admin.Operation{Action: admin.Failover, Master: name}, func(text string) {
		steps = append(steps, text)
		if !refused {
			refused = true
			_, err := r.operator.Do(t.Context(), admin.Operation{Action: admin.Set, Master: name, Settings: set("quorum", 1)}, nil)
			var busy *admin.BusyError
			if !errors.As(err, &busy) || busy.Action != admin.Failover {
				t.Errorf("a second operation: got the error %v", err)
			}
		}
	})
	took := time.Since(began)
	r.want(answer, admin.Done, true)
	if answer.PreviousAddress != old || answer.Address == old {
		t.Errorf("it went from %s to %s, the master was %s", answer.PreviousAddress, answer.Address, old)
	}
	if answer.Seconds <= 0.1 || answer.Seconds > took.Seconds() {
		t.Errorf("it says that it took %v s; all took %s", answer.Seconds, took)
	}
	if len(answer.Findings) != 0 {
		t.Errorf("got the findings %v", answer.Findings)
	}
	for i := range r.Sentinels {
		if got := hostPort(r.row(i, "SENTINEL", "MASTER", name)); got != answer.Address {
			t.Errorf("Sentinel %d names %s, the answer %s", i, got, answer.Address)
		}
	}
	// Which of them it sees depends on when it looks.
	seen := slices.ContainsFunc([]string{"wait_start", "select_slave", "send_slaveof_noone", "wait_promotion", "reconf_slaves"}, func(state string) bool {
		return slices.Contains(steps, answer.Results[0].Sentinel+": "+state)
	})
	if !refused || !seen {
		t.Errorf("it told %q", steps)
	}
	r.shows(name, "quorum", "2")
	if _, err := r.operator.Do(t.Context(), admin.Operation{Action: admin.Set, Master: name, Settings: set("quorum", 1)}, nil); err != nil {
		t.Errorf("after its end: %v", err)
	}
}

// TestFailoverToAHiddenReplica: whether a replica that is not announced can be promoted
// nobody but the Sentinel knows, and it can.
func TestFailoverToAHiddenReplica(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1})
	hidden := r.Masters[0].Replicas[0]
	r.cli(hidden, "CONFIG", "SET", "replica-announced", "no")
	sentineltest.WaitFor(t, "no Sentinel shows it", func() bool {
		return !slices.ContainsFunc(r.Sentinels, func(s *sentineltest.Sentinel) bool {
			rows, err := s.Rows(t.Context(), "SENTINEL", "REPLICAS", name)
			return err != nil || len(rows) > 0
		})
	})
	answer := r.do(admin.Operation{Action: admin.Failover, Master: name}, nil)
	if r.want(answer, admin.Done, true); answer.Address != hidden.Addr() {
		t.Errorf("the master is %s now, want %s", answer.Address, hidden.Addr())
	}
}

// TestFailoverGivenUp: the replica dies in the middle.
func TestFailoverGivenUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, FailoverTimeout: time.Second})
	if err := r.Masters[0].Replicas[0].Hang(); err != nil {
		t.Fatal(err)
	}
	answer := r.do(admin.Operation{Action: admin.Failover, Master: name}, nil)
	r.want(answer, admin.Failed, false)
	if got := answer.Results[0].Error; !contains(got, "was aborted", r.Masters[0].Node.Addr()) {
		t.Errorf("it says %s", got)
	}
}

// TestFailoverThatOneMisses: a Sentinel that hangs from then on is called out, and takes no
// one's word for it that all is well.
func TestFailoverThatOneMisses(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{})
	id := func(s *sentineltest.Sentinel) string { return r.cli(s.Node, "SENTINEL", "MYID") }
	hung := slices.MaxFunc(r.Sentinels, func(a, b *sentineltest.Sentinel) int { return strings.Compare(id(a), id(b)) }) // not the one that leads
	answer := r.do(admin.Operation{Action: admin.Failover, Master: name}, func(string) {
		if err := hung.Hang(); err != nil { // as often as there is progress
			t.Error(err)
		}
	})
	if err := hung.Resume(); err != nil {
		t.Fatal(err)
	}
	r.want(answer, admin.Done, true)
	if len(answer.Findings) != 1 || !contains(answer.Findings[0].Message, answer.Address, hung.Addr()+" (does not answer)") {
		t.Errorf("got the findings %s", inJSON(t, answer.Findings))
	}
}

// TestFailoverThatIsUndone: something makes the new master a replica again.
func TestFailoverThatIsUndone(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{DownAfter: 30 * time.Second}) // so that no other failover follows
	old := r.Masters[0].Node
	undone := ""
	answer := r.do(admin.Operation{Action: admin.Failover, Master: name}, func(text string) {
		if !strings.HasSuffix(text, ": reconf_slaves") {
			return
		}
		// A Sentinel ends the connections of clients to the node that it promotes.
		sentineltest.WaitFor(t, "a replica says that it is a master", func() bool {
			for _, n := range r.Masters[0].Replicas {
				if role, err := n.CLI(t.Context(), "ROLE"); err == nil && strings.HasPrefix(role, "master") {
					undone = n.Addr()
					r.cli(n, "REPLICAOF", old.Host(), strconv.Itoa(old.Port()))
				}
			}
			return undone != ""
		})
	})
	r.want(answer, admin.Done, true)
	if undone == "" || undone != answer.Address {
		t.Fatalf("%q was undone, and the failover went to %s", undone, answer.Address)
	}
	if len(answer.Findings) != 2 || answer.Findings[0].Check != "old_master_writable" || !contains(answer.Findings[1].Message, undone, "(has heard from it that it is a replica)") {
		t.Errorf("got the findings %s", inJSON(t, answer.Findings))
	}
}

// TestFailoverOfNobody: nobody answers, and nobody knows the name.
func TestFailoverOfNobody(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None, Quorum: 1})
	_, err := r.operator.Do(t.Context(), admin.Operation{Action: admin.Failover, Master: "nosuch"}, nil)
	if _, ok := errors.AsType[*admin.UnknownMasterError](err); !ok {
		t.Errorf("got the error %v", err)
	}
	r.Sentinels[0].Kill()
	for _, action := range admin.Actions() {
		op := admin.Operation{Action: action, Master: name, Address: "127.0.0.1:1", Quorum: 1, Settings: set("parallel-syncs", 1)}
		answer := r.do(op, nil)
		r.want(answer, admin.Failed, false)
		if !contains(answer.Results[0].Error, "unreachable") {
			t.Errorf("%s: it says %s", action, answer.Results[0].Error)
		}
	}
}
