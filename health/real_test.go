package health_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/internal/sentineltest/faults"
	"redis_sentinel_exporter/sentinel"
)

// How long the Sentinels may take: where one of them hangs, and where none does.
const (
	askFor     = time.Second
	askForLong = 5 * time.Second
)

// deploymentOf returns the Sentinels at some addresses.
func deploymentOf(t *testing.T, addrs []string) *deployment.Deployment {
	t.Helper()
	clients := make([]*sentinel.Client, len(addrs))
	for i, addr := range addrs {
		clients[i] = sentinel.NewClient(sentinel.Options{Address: addr, InfoCache: true})
	}
	d := deployment.New(clients...)
	t.Cleanup(d.Close)
	return d
}

// listenTo receives the events of the Sentinels until the test ends.
func listenTo(t *testing.T, d *deployment.Deployment) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { d.Events(ctx, func(*sentinel.StreamUpdate) {}) })
	t.Cleanup(wg.Wait)
	t.Cleanup(cancel)
}

func assess(ctx context.Context, d *deployment.Deployment, within time.Duration) health.Report {
	return assessAged(ctx, d, within, 0)
}

// assessAged takes all that is down to have been down for longer than it is.
func assessAged(ctx context.Context, d *deployment.Deployment, within, aged time.Duration) health.Report {
	return assessLater(ctx, d, within, aged, 0)
}

// assessLater also takes the Sentinels to have looked at each master for longer.
func assessLater(ctx context.Context, d *deployment.Deployment, within, aged, later time.Duration) health.Report {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	snapshots := d.Snapshots(ctx)
	for _, s := range snapshots {
		for i := range s.Masters {
			m := &s.Masters[i]
			m.RoleReportedTime = older(m.RoleReportedTime, later)
			for k := range m.Replicas {
				m.Replicas[k].SDownTime = older(m.Replicas[k].SDownTime, aged)
			}
			for k := range m.Peers {
				m.Peers[k].SDownTime = older(m.Peers[k].SDownTime, aged)
			}
		}
	}
	return health.Assess(snapshots, nil)
}

func older(age sentinel.Duration, by time.Duration) sentinel.Duration {
	age.Value += by // an absent one stays absent
	return age
}

// found are the findings without their words, each check once under each cause.
func found(r *health.Report) []string {
	var list []string
	for _, g := range r.Problems() {
		list = append(list, g.Cause.Severity.String()+" "+g.Cause.Check)
		for _, f := range g.Consequences {
			list = append(list, f.Severity.String()+" "+f.Check+" under "+g.Cause.Check)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// findingOf returns the first finding of a check; nil if there is none.
func findingOf(r *health.Report, check string) *health.Finding {
	all := r.All()
	if i := slices.IndexFunc(all, func(f health.Finding) bool { return f.Check == check }); i >= 0 {
		return &all[i]
	}
	return nil
}

func expected(f faults.Fault) []string {
	var list []string
	for _, e := range f.Findings {
		s := e.Severity + " " + e.Check
		if e.Cause != "" {
			s += " under " + e.Cause
		}
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}

// eventually waits for exactly these findings.
func eventually(t *testing.T, d *deployment.Deployment, what string, want []string) {
	t.Helper()
	eventuallyAged(t, d, what, want, 0)
}

func eventuallyAged(t *testing.T, d *deployment.Deployment, what string, want []string, aged time.Duration) health.Report {
	t.Helper()
	var r health.Report
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		r = assessAged(t.Context(), d, askFor, aged)
		if slices.Equal(found(&r), want) {
			return r
		}
		if time.Now().After(deadline) {
			t.Errorf("%s: findings (-want +got):\n%s\n%s", what, cmp.Diff(want, found(&r)), messages(&r))
			return r
		}
	}
}

func messages(r *health.Report) string {
	var b strings.Builder
	for _, f := range r.All() {
		fmt.Fprintf(&b, "%s %s %s: %s\n", f.Severity, f.Master, f.Check, f.Message)
	}
	return b.String()
}

// TestFaults makes every fault of the table for real: it leads to its findings and
// no other, a finding that has commands ends with them, and all end with the fault.
func TestFaults(t *testing.T) {
	t.Parallel()
	shell := newShell(t)
	version, err := sentineltest.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range faults.GroupsOn(version) {
		t.Run(g.Name, func(t *testing.T) {
			t.Parallel()
			rig := &faults.Rig{Topology: sentineltest.Run(t, g.Config)}
			d := deploymentOf(t, rig.ClientAddrs())
			listenTo(t, d)
			eventually(t, d, "at first", nil)
			for _, f := range g.Faults {
				began := time.Now()
				moved := showFault(t, rig, d, f, g, shell)
				if moved && !f.Moves() && !t.Failed() {
					moved = showFault(t, rig, d, f, g, shell) // a busy machine may move a master by itself, but not twice
				}
				if moved != f.Moves() && !t.Failed() {
					t.Errorf("%s: has a replica been promoted? Fault.Moves says %v, the Sentinels say %v", f.Name, f.Moves(), moved)
				}
				t.Logf("%s took %s", f.Name, time.Since(began).Round(100*time.Millisecond))
				if t.Failed() {
					return // the next would only fail with it
				}
			}
		})
	}
}

// showFault reports whether a replica has been promoted.
func showFault(t *testing.T, rig *faults.Rig, d *deployment.Deployment, f faults.Fault, g faults.Group, shell *shell) (moved bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	asked := d
	if f.Ask != nil {
		addrs, err := f.Ask(rig)
		if err != nil {
			t.Fatal(err)
		}
		asked = deploymentOf(t, addrs)
	}
	before := configEpoch(ctx, d)
	mend, err := f.Make(ctx, rig)
	if err != nil {
		t.Errorf("%s: %v", f.Name, err)
	} else {
		r := eventuallyAged(t, asked, f.Name, expected(f), g.Aged)
		moved = configEpoch(ctx, d) > before
		t.Logf("%s: %s\n%s", f.Name, r.Summary, messages(&r))
		if !t.Failed() {
			shell.followHints(ctx, t, asked, &r, g)
		}
	}
	if err := mend(ctx); err != nil {
		t.Fatalf("mending %s: %v", f.Name, err)
	}
	eventually(t, d, "after "+f.Name, nil)
	// One that was begun before the master was back goes on, and would move it under the next fault.
	sentineltest.WaitFor(t, "no failover to go on", func() bool {
		r := assessAged(t.Context(), d, askFor, 0)
		return !slices.ContainsFunc(r.Masters, func(m health.MasterReport) bool { return m.FailoverInProgress })
	})
	eventually(t, d, "after "+f.Name, nil)
	return moved
}

// configEpoch returns the highest config-epoch of the table's master: it grows with each promotion.
func configEpoch(ctx context.Context, d *deployment.Deployment) int64 {
	ctx, cancel := context.WithTimeout(ctx, askFor) // one may hang
	defer cancel()
	highest := int64(-1)
	for _, s := range d.Snapshots(ctx) {
		if m := s.Master(faults.MasterName); m != nil {
			highest = max(highest, m.ConfigEpoch.Or(-1))
		}
	}
	return highest
}

// TestTiltVouchesForNoQuorum: a Sentinel in TILT does not notice that the others die,
// and goes on answering CKQUORUM with OK.
func TestTiltVouchesForNoQuorum(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{Sentinels: 5, Replicas: 1})
	d := deploymentOf(t, topology.ClientAddrs())
	eventually(t, d, "at first", nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := topology.Sentinels[0].ForceTilt(ctx); err != nil {
		t.Fatal(err)
	}
	for _, s := range topology.Sentinels[2:] {
		s.Kill()
	}
	eventually(t, d, "one is left, and one in TILT", []string{
		"critical majority_unreachable under sentinel_unreachable", "critical quorum_unreachable under sentinel_unreachable",
		"critical sentinel_unreachable", "warning sentinel_tilt",
	})
	if q := d.Snapshots(ctx)[0].Masters[0].CKQuorum; q == nil || !q.OK() {
		t.Errorf("the Sentinel in TILT answers CKQUORUM with %+v", q)
	}
}

// TestHiddenReplica: Sentinel tells nothing of a replica with replica-announced no,
// and promotes it.
func TestHiddenReplica(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{})
	d := deploymentOf(t, topology.ClientAddrs())
	eventually(t, d, "at first", nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	announced := func(n *sentineltest.Node, yes string) {
		t.Helper()
		if _, err := n.CLI(ctx, "CONFIG", "SET", "replica-announced", yes); err != nil {
			t.Fatal(err)
		}
	}
	var snapshots []*sentinel.Snapshot
	waitHidden := func(want int) health.Report {
		t.Helper()
		sentineltest.WaitFor(t, fmt.Sprintf("%d replicas to be hidden from all", want), func() bool {
			snapshots = d.Snapshots(ctx)
			return !slices.ContainsFunc(snapshots, func(s *sentinel.Snapshot) bool {
				m := s.Master(faults.MasterName)
				return m == nil || len(m.Replicas) != 2-want || m.NumReplicas.Value != 2
			})
		})
		return health.Assess(snapshots, nil)
	}
	announced(topology.Masters[0].Replicas[0], "no")
	r := waitHidden(1)
	if want := "at least 1 of 2 replicas can be promoted, of 1 nothing is known"; r.Status != health.OK || !strings.Contains(r.Summary, want) {
		t.Errorf("with one it says %q, and not %q", r.Summary, want)
	}
	announced(topology.Masters[0].Replicas[0], "yes")
	if r := waitHidden(0); !strings.Contains(r.Summary, " 2 of 2 replicas can be promoted") {
		t.Errorf("with none it says %q", r.Summary)
	}
	for _, n := range topology.Masters[0].Replicas {
		announced(n, "no")
	}
	r = waitHidden(2)
	if got := found(&r); len(got) > 0 || r.Status != health.Unknown {
		t.Errorf("it is %s, with %s", r.Status, messages(&r))
	}
	if n := snapshots[0].Masters[0].PromotableReplicas(); n.Present {
		t.Errorf("%d are promotable", n.Value)
	}
	if said, err := topology.Sentinels[0].CLI(ctx, "SENTINEL", "FAILOVER", faults.MasterName); err != nil {
		t.Errorf("the failover: %v, %v", said, err)
	}
}

// TestSentinelRestartFails: what is found is so. The Sentinel does not start again, and does
// when that is mended in its file.
func TestSentinelRestartFails(t *testing.T) {
	t.Parallel()
	for option, says := range map[string]string{
		"resolve-hostnames":  "Can't resolve instance hostname",
		"announce-hostnames": "Duplicate hostname and port for replica",
	} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			topology := sentineltest.Run(t, sentineltest.Config{Replicas: 1, Sentinels: 1, Host: "localhost"})
			s := topology.Sentinels[0]
			d := deploymentOf(t, topology.ClientAddrs())
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			restartFails := func() bool {
				r := assess(ctx, d, askFor)
				return slices.Contains(found(&r), "warning sentinel_restart_fails")
			}
			if restartFails() {
				t.Error("it is found at first")
			}
			if _, err := s.CLI(ctx, "SENTINEL", "CONFIG", "SET", option, "no"); err != nil {
				t.Fatal(err)
			}
			sentineltest.WaitFor(t, "it to be found", restartFails)
			if _, err := s.CLI(ctx, "SENTINEL", "FLUSHCONFIG"); err != nil {
				t.Fatal(err)
			}
			if err := s.Restart(ctx); err == nil || !strings.Contains(err.Error(), says) {
				t.Fatalf("it started, or said something else: %v", err)
			}
			mendFile(t, filepath.Join(s.Dir(), "sentinel.conf"))
			if err := s.Restart(ctx); err != nil {
				t.Fatal(err)
			}
			sentineltest.WaitFor(t, "it to be gone", func() bool { return !restartFails() })
		})
	}
}

// mendFile sets both options and leaves each line there once.
func mendFile(t *testing.T, path string) {
	t.Helper()
	conf, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(conf)) {
		if !strings.Contains(line, "-hostnames ") && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	options := "sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n"
	if err := os.WriteFile(path, []byte(options+strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestSentinelMonitoredAsMaster: a Sentinel that monitors another one's port never holds it
// to be down; it is told at once.
func TestSentinelMonitoredAsMaster(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{Replicas: 1})
	d := deploymentOf(t, topology.ClientAddrs())
	eventually(t, d, "at first", nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	first, other := topology.Sentinels[0], topology.Sentinels[1]
	if _, err := first.CLI(ctx, "SENTINEL", "MONITOR", "wrong", other.Host(), strconv.Itoa(other.Port()), "2"); err != nil {
		t.Fatal(err)
	}
	r := assess(ctx, d, askFor)
	want := fmt.Sprintf("%s, the master according to Sentinel %s, is the address of a Sentinel", other.Addr(), first.Addr())
	if !strings.Contains(messages(&r), "critical wrong master_role_mismatch: "+want+"\n") {
		t.Errorf("it is not told:\n%s", messages(&r))
	}
	if _, err := first.CLI(ctx, "SENTINEL", "REMOVE", "wrong"); err != nil {
		t.Fatal(err)
	}
	eventually(t, d, "after it was removed", nil)
}

// TestEveryCheckIsProvoked: no check is without a real fault that it finds.
func TestEveryCheckIsProvoked(t *testing.T) {
	t.Parallel()
	provoked := map[string]bool{}
	for _, g := range faults.Groups() {
		for _, f := range g.Faults {
			for _, e := range f.Findings {
				provoked[e.Check] = true
			}
		}
	}
	for _, c := range health.Checks() {
		if !provoked[c.Name] {
			t.Errorf("no fault leads to %s", c.Name)
		}
	}
}

// TestMasterTaken: a replica announces the address of another deployment's master, as when the address of a pod is given again:
// its Sentinels make that master a replica of theirs, and nobody there knows whose.
func TestMasterTaken(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	config := sentineltest.Config{Replicas: 1, DownAfter: 30 * time.Second} // nobody fails over meanwhile
	theirs, ours := sentineltest.Run(t, config), sentineltest.Run(t, config)
	d := deploymentOf(t, ours.ClientAddrs())
	eventually(t, d, "at first", nil)
	taken, taker := ours.Masters[0].Node, theirs.Masters[0].Node
	replica := theirs.Masters[0].Replicas[0]
	for _, words := range [][]string{{"CONFIG", "SET", "replica-announce-port", strconv.Itoa(taken.Port())}, {"CLIENT", "KILL", "TYPE", "master"}} {
		if _, err := replica.CLI(ctx, words...); err != nil {
			t.Fatal(err)
		}
	}
	r := eventuallyAged(t, d, "their Sentinels have made it a replica", []string{"critical no_named_master"}, 0)
	f := findingOf(&r, "no_named_master")
	if f == nil {
		t.Fatal("there is no such finding")
	}
	for text, word := range map[string]string{f.Message: "it follows " + taker.Addr() + ", which none of them knows", f.Hint: "on the Sentinels of " + taker.Addr() + " RESET"} {
		if !strings.Contains(text, word) {
			t.Errorf("%q is not in %q", word, text)
		}
	}
}
