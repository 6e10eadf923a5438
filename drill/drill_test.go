package drill_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/drill"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

const (
	name     = "mymaster"
	password = "canary-node-pass" // of the account; must be seen nowhere
)

// A rig is a real deployment in which each node counts as a machine of its own, with the account that docs/admin.md has.
type rig struct {
	*sentineltest.Topology
	t          *testing.T
	deployment *deployment.Deployment
	options    drill.Options
}

func newRig(t *testing.T) *rig {
	t.Helper()
	cfg := sentineltest.Config{DownAfter: 20 * time.Second, NodeConf: []string{"save 3600 1", sentineltest.DocumentedUser(t, "../docs/admin.md", "drill", password)}}
	r := &rig{Topology: sentineltest.Run(t, cfg), t: t}
	var clients []*sentinel.Client
	for _, addr := range r.SentinelAddrs() {
		clients = append(clients, sentinel.NewClient(sentinel.Options{Address: addr}))
	}
	r.deployment = deployment.New(clients...)
	t.Cleanup(r.deployment.Close)
	t.Cleanup(func() { r.NothingDenied(t, "drill") })
	machines := make(canstop.HostMap)
	for _, n := range r.Nodes() {
		machines[n.Addr()] = n.Name()
	}
	r.options = drill.Options{
		Master: name, Timeout: 5 * time.Second, HostMap: machines,
		Preflight: preflight.Options{Nodes: &sentinel.Options{Username: "drill", Password: func() (string, error) { return password, nil }}},
	}
	var why []string
	defer func() {
		if t.Failed() {
			t.Logf("a drill is refused: %q", why)
		}
	}()
	sentineltest.WaitFor(t, "a drill to be possible", func() bool {
		var err error
		why, err = drill.Check(t.Context(), r.deployment, r.options)
		return err == nil && len(why) == 0
	})
	return r
}

// run does a drill, which must begin.
func (r *rig) run(ctx context.Context, progress func(string)) *drill.Report {
	r.t.Helper()
	var said strings.Builder
	report, err := drill.Run(ctx, r.deployment, r.options, func(text string) {
		said.WriteString(text + "\n")
		if progress != nil {
			progress(text)
		}
	})
	if err != nil {
		r.t.Fatal(err)
	}
	text, err := json.Marshal(report)
	if err != nil {
		r.t.Fatal(err)
	}
	if strings.Contains(string(text)+said.String(), "canary") {
		r.t.Errorf("the password is told: %s\n%s", text, &said)
	}
	r.t.Logf("%s", text)
	return report
}

func (r *rig) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), d)
	r.t.Cleanup(cancel)
	return ctx
}

func (r *rig) cli(n *sentineltest.Node, args ...string) string {
	r.t.Helper()
	out, err := n.CLI(r.within(30*time.Second), args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// clean fails if anything of a drill is left: a key, or a pause of writes.
func (r *rig) clean(report *drill.Report) {
	r.t.Helper()
	if len(report.Remains) > 0 {
		r.t.Errorf("it says that the key remains: %q", report.Remains)
	}
	for _, n := range r.Masters[0].DataNodes() {
		if keys := r.cli(n, "KEYS", drill.KeyPrefix+"*"); keys != "" {
			r.t.Errorf("%s has %s", n.Name(), keys)
		}
		// A node that pauses its writes lets this one wait.
		if _, err := n.CLI(r.within(5*time.Second), "SET", "after the drill", "1"); err != nil && !strings.Contains(err.Error(), "READONLY") {
			r.t.Errorf("%s takes no writes: %v", n.Name(), err)
		}
	}
}

// An oracle knows by redis-cli alone what one node was told to add, and what another one had last.
type oracle struct {
	mu    sync.Mutex
	added map[string]bool
	has   []string
}

var added = regexp.MustCompile(`"SADD" "` + drill.KeyPrefix + `\w+" "(\d+)"`)

// watch has redis-cli print what a node is told, and what the other nodes have.
func (r *rig) watch(old *sentineltest.Node) *oracle {
	r.t.Helper()
	o := &oracle{added: make(map[string]bool)}
	ctx, cancel := context.WithCancel(r.t.Context())
	host, port, _ := strings.Cut(old.Addr(), ":")
	monitor := exec.CommandContext(ctx, cmp.Or(os.Getenv("REDIS_CLI"), "redis-cli"), "-h", host, "-p", port, "MONITOR")
	out, err := monitor.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := monitor.Start(); err != nil {
		r.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "OK" {
		r.t.Fatalf("MONITOR: %s", lines.Text())
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for lines.Scan() {
			if m := added.FindStringSubmatch(lines.Text()); m != nil {
				o.mu.Lock()
				o.added[m[1]] = true
				o.mu.Unlock()
			}
		}
		_ = monitor.Wait() // it is killed, or disconnected
	})
	wg.Go(func() {
		for ctx.Err() == nil {
			for _, n := range r.Masters[0].Replicas {
				role, err := n.CLI(ctx, "ROLE")
				if err != nil || !strings.HasPrefix(role, "master") {
					continue
				}
				keys, _ := n.CLI(ctx, "KEYS", drill.KeyPrefix+"*")
				if values, err := n.CLI(ctx, "SMEMBERS", keys); err == nil && keys != "" && values != "" {
					o.mu.Lock()
					o.has = strings.Fields(values)
					o.mu.Unlock()
				}
			}
		}
	})
	r.t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return o
}

// told counts what the old master was told.
func (o *oracle) told() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.added)
}

// lost counts what the old master was told and the new one had not.
func (o *oracle) lost() (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for value := range o.added {
		if !slices.Contains(o.has, value) {
			n++
		}
	}
	return n
}

// The loss that the drill of a plain failover counts is the one that redis-cli sees, to the write.
func TestDrill(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options.Way = admin.Plain
	old := r.Masters[0].Node
	o := r.watch(old)
	report := r.run(r.within(2*time.Minute), nil)
	if report.Outcome != drill.Passed || len(report.Failovers) != 1 {
		t.Fatalf("got %+v", report)
	}
	f := report.Failovers[0]
	if want := o.lost(); f.Lost != want {
		t.Errorf("%d of %d are said to be lost; redis-cli sees %d", f.Lost, f.Acknowledged, want)
	}
	if f.From != old.Addr() || f.To == f.From || f.Acknowledged < 20 || f.GapSeconds <= 0 || f.AllBackSeconds == nil || *f.AllBackSeconds < f.GapSeconds {
		t.Errorf("got %+v", f)
	}
	r.printed(report)
	r.clean(report)
}

// Replication stops some time before the failover, so that all writes since then are lost.
func TestForcedLag(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options.Way = admin.Plain // a coordinated one would wait for the replica
	old := r.Masters[0].Node
	o := r.watch(old)
	const lag = 50
	report := r.run(r.within(2*time.Minute), func(text string) {
		if !strings.HasPrefix(text, "Writes can be lost: ") {
			return
		}
		r.cli(old, "ACL", "SETUSER", "default", "-psync", "-sync")
		r.cli(old, "CLIENT", "KILL", "TYPE", "replica")
		before := o.told()
		sentineltest.WaitFor(t, "writes that are not replicated", func() bool { return o.told() > before+lag })
	})
	if report.Outcome != drill.Passed || len(report.Failovers) != 1 {
		t.Fatalf("got %+v", report)
	}
	if f, want := report.Failovers[0], o.lost(); f.Lost != want || f.Lost < lag {
		t.Errorf("%d of %d are said to be lost; redis-cli sees %d", f.Lost, f.Acknowledged, want)
	}
	r.clean(report)
}

var runs = flag.Int("drill.runs", 1, "how many coordinated drills, one after the other")

// Where the Sentinels can, a coordinated failover loses nothing.
func TestCoordinated(t *testing.T) {
	t.Parallel()
	version, err := sentineltest.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	r.options.Way = admin.Coordinated
	if version.Product != "valkey" || version.Major < 9 {
		report := r.run(r.within(time.Minute), nil)
		if report.Outcome != drill.Refused || !strings.Contains(strings.Join(report.Reasons, "\n"), "failover_not_coordinated: ") {
			t.Errorf("got %+v", report)
		}
		return
	}
	for range *runs {
		sentineltest.WaitFor(t, "a drill to be possible", func() bool {
			why, err := drill.Check(t.Context(), r.deployment, r.options)
			return err == nil && len(why) == 0
		})
		report := r.run(r.within(2*time.Minute), nil)
		if report.Outcome != drill.Passed || len(report.Failovers) != 1 || report.Failovers[0].Lost != 0 {
			t.Errorf("got %+v", report)
		}
		r.clean(report)
	}
}

// There and back, without a loss.
func TestBackWithFence(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options.Back, r.options.Way, r.options.MaxGap = true, admin.Fenced, time.Minute
	old := r.Masters[0].Node
	r.cli(old, "CONFIG", "SET", "replica-priority", "1")
	report := r.run(r.within(3*time.Minute), nil)
	if report.Outcome != drill.Passed || len(report.Failovers) != 2 {
		t.Fatalf("got %+v", report)
	}
	if back := report.Failovers[1]; back.To != old.Addr() || back.From != report.Failovers[0].To {
		t.Errorf("it failed back as %+v", back)
	}
	for _, f := range report.Failovers {
		if f.Lost != 0 {
			t.Errorf("%d writes are lost in spite of the fence", f.Lost)
		}
	}
	r.clean(report)
}

// That nobody would promote the old master again is foreseen, and nothing is done.
func TestNoWayBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	old := r.Masters[0].Node
	r.cli(old, "CONFIG", "SET", "replica-priority", "0")
	if why, err := drill.Check(r.within(30*time.Second), r.deployment, r.options); err != nil || len(why) > 0 {
		t.Errorf("without the way back: got %q, %v", why, err)
	}
	r.options.Back = true
	want := "the Sentinels would not fail back to " + old.Addr() + ": its replica-priority is 0"
	why, err := drill.Check(r.within(30*time.Second), r.deployment, r.options)
	if err != nil || len(why) != 1 || !strings.HasPrefix(why[0], want) {
		t.Errorf("got %q, %v", why, err)
	}
	report := r.run(r.within(time.Minute), nil)
	if report.Outcome != drill.Refused || len(report.Reasons) != 1 || !strings.HasPrefix(report.Reasons[0], want) || report.Key != "" {
		t.Errorf("got %+v", report)
	}
	for _, epoch := range r.MasterField(t.Context(), name, "config-epoch") {
		if epoch != "0" {
			t.Errorf("the config-epoch is %s", epoch)
		}
	}
}

// After the first failover another replica comes before the old master: that is foreseen, and two failovers by hand end there.
func TestAnotherWay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options.Back = true
	old, heir, other := r.Masters[0].Node, r.Masters[0].Replicas[0], r.Masters[0].Replicas[1]
	r.prioritize(map[*sentineltest.Node]string{old: "50", heir: "10", other: "60"})
	if why, err := drill.Check(r.within(30*time.Second), r.deployment, r.options); err != nil || len(why) > 0 {
		t.Errorf("with the way back: got %q, %v", why, err)
	}
	r.prioritize(map[*sentineltest.Node]string{other: "20"})
	want := "the Sentinels would not fail back to " + old.Addr() + ": its replica-priority is 50, and a lower one have "
	report := r.run(r.within(time.Minute), nil)
	if report.Outcome != drill.Refused || len(report.Reasons) != 1 || !strings.HasPrefix(report.Reasons[0], want) || !strings.Contains(report.Reasons[0], other.Addr()+" (20)") {
		t.Errorf("got %+v", report)
	}
	for _, want := range []*sentineltest.Node{heir, other} {
		before, err := r.Master(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		r.prioritize(nil) // the Sentinels have heard from the old master as a replica
		r.cli(r.Sentinels[0].Node, "SENTINEL", "FAILOVER", name)
		if now, err := r.WaitFailover(r.within(time.Minute), name, before); err != nil || now != want.Addr() {
			t.Errorf("the Sentinels have promoted %s, %v; want %s", now, err, want.Addr())
		}
	}
}

// prioritize sets replica-priorities, and waits until the Sentinels have heard those of all replicas.
func (r *rig) prioritize(priorities map[*sentineltest.Node]string) {
	r.t.Helper()
	for n, priority := range priorities {
		r.cli(n, "CONFIG", "SET", "replica-priority", priority)
	}
	sentineltest.WaitFor(r.t, "the Sentinels to hear the priorities", func() bool {
		for _, s := range r.Sentinels {
			rows, err := s.Rows(r.t.Context(), "SENTINEL", "REPLICAS", name)
			if err != nil || len(rows) != len(r.Masters[0].Replicas) {
				return false
			}
			for _, row := range rows {
				own, err := r.NodeAt(row.Get("ip")+":"+row.Get("port")).CLI(r.t.Context(), "--raw", "CONFIG", "GET", "replica-priority")
				if err != nil || !strings.HasSuffix(own, "\n"+row.Get("slave-priority")) || row.Get("master-link-status") != "ok" || row.Get("role-reported") != "slave" {
					return false
				}
			}
		}
		return true
	})
}

// A gap that is too long is reported as one.
func TestGap(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options.Way, r.options.MaxGap = admin.Fenced, time.Nanosecond
	report := r.run(r.within(2*time.Minute), nil)
	if report.Outcome != drill.Gap || len(report.Reasons) != 1 || len(report.Failovers) != 1 {
		t.Errorf("got %+v", report)
	}
	r.clean(report)
}

// Interrupted anywhere, it leaves nothing behind.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		at  string // the line of the progress after which it is interrupted
		way admin.Way
	}{
		{": SENTINEL FAILOVER", admin.Plain},
		{"is promoted", admin.Plain},
		{"writes wait", admin.Fenced},
		{"follows", admin.Fenced},
	} {
		t.Run(strings.TrimPrefix(test.at, ": "), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.options.Way = test.way
			ctx, cancel := context.WithCancel(r.within(2 * time.Minute))
			defer cancel()
			report := r.run(ctx, func(text string) {
				if strings.Contains(text, test.at) {
					cancel()
				}
			})
			if ctx.Err() == nil || report.Outcome != drill.Failed || len(report.Reasons) != 1 || !strings.HasPrefix(report.Reasons[0], "interrupted: ") {
				t.Errorf("got %+v", report)
			}
			r.clean(report)
		})
	}
}

// What preflight, can-stop or the failover's guards have against it is why it is not done.
func TestRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, test := range []struct {
		name   string
		change func(o *drill.Options)
		why    string
	}{
		{"one machine", func(o *drill.Options) { o.HostMap = nil }, "can-stop says no: "},
		{"another account", func(o *drill.Options) {
			o.Preflight.Nodes = &sentinel.Options{Username: "drill", Password: func() (string, error) { return "canary-wrong", nil }}
		}, "preflight cannot tell promotion_refused: "},
	} {
		o := r.options
		test.change(&o)
		report, err := drill.Run(r.within(30*time.Second), r.deployment, o, func(string) {})
		if err != nil || report.Outcome != drill.Refused || !strings.Contains(strings.Join(report.Reasons, "\n"), test.why) {
			t.Errorf("%s: got %+v, %v", test.name, report, err)
		}
	}
	r.cli(r.Masters[0].Replicas[0], "CONFIG", "SET", "min-replicas-to-write", "3")
	report, err := drill.Run(r.within(30*time.Second), r.deployment, r.options, func(string) {})
	if err != nil || report.Outcome != drill.Refused || !strings.Contains(strings.Join(report.Reasons, "\n"), "preflight finds min_replicas (critical): ") {
		t.Errorf("got %+v, %v", report, err)
	}
	r.options.Preflight.Nodes = nil
	if _, err := drill.Run(t.Context(), r.deployment, r.options, func(string) {}); !errors.Is(err, drill.ErrNoAccount) {
		t.Errorf("without an account: got %v", err)
	}
	for _, n := range r.Masters[0].DataNodes() {
		if keys := r.cli(n, "KEYS", "*"); keys != "" {
			t.Errorf("%s has %s", n.Name(), keys)
		}
	}
	for _, epoch := range r.MasterField(t.Context(), name, "config-epoch") {
		if epoch != "0" {
			t.Errorf("the config-epoch is %s", epoch)
		}
	}
}

// The Sentinel that leads is killed in the middle: another one finishes or gives it up, writes go on, and nothing of the
// drill is left.
func TestLeaderKilled(t *testing.T) {
	t.Parallel()
	version, err := sentineltest.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		way admin.Way
		at  []string // the first of these words of the progress
	}{
		{admin.Plain, []string{": wait_promotion", ": reconf_slaves"}},
		{admin.Fenced, []string{": wait_promotion", ": reconf_slaves"}},
		{admin.Coordinated, []string{": send_slaveof_noone", ": wait_promotion"}}, // the master is told a moment later
		{admin.Coordinated, []string{": wait_promotion"}},                         // it has just been told, and hands over
		{admin.Coordinated, []string{": reconf_slaves"}},                          // it has
	} {
		t.Run(string(test.way)+test.at[0], func(t *testing.T) {
			t.Parallel()
			if test.way == admin.Coordinated && (version.Product != "valkey" || version.Major < 9) {
				return // refused: TestCoordinated
			}
			r := newRig(t)
			r.options.Way = test.way
			for _, s := range r.Sentinels { // what is left of them waits so long
				r.cli(s.Node, "SENTINEL", "SET", name, "down-after-milliseconds", "5000")
			}
			killed := false
			report := r.run(r.within(3*time.Minute), func(text string) {
				// Or it was promoted before it was seen to go on.
				begins := func(words string) bool {
					return strings.HasSuffix(text, words) || strings.Contains(text, " is promoted, after ")
				}
				if killed || !slices.ContainsFunc(test.at, begins) {
					return
				}
				killed = true
				at, _, _ := strings.Cut(text, ": ")
				r.Sentinels[slices.IndexFunc(r.Sentinels, func(s *sentineltest.Sentinel) bool { return s.Addr() == at })].Kill()
				t.Logf("killed at %q", text)
			})
			// It may have ended the failover in the moment before, and then nothing has failed.
			if !killed || report.Outcome == drill.Refused || report.Outcome == drill.Failed && len(report.Reasons) != 1 {
				t.Errorf("the leader was killed: %v; got %+v", killed, report)
			}
			began := time.Now()
			sentineltest.WaitFor(t, "writes to the master that the Sentinels name", func() bool {
				master, err := r.MasterNode(t.Context(), name)
				if err != nil {
					return false
				}
				_, err = master.CLI(r.within(2*time.Second), "SET", "after the leader", "1")
				return err == nil
			})
			t.Logf("it takes writes after %s more", time.Since(began).Round(time.Millisecond))
			r.clean(report)
		})
	}
}
