package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"
	"weak"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/internal/pause"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/probe"
	"redis_sentinel_exporter/sentinel"
)

// A rig is a running fleet with its file.
type rig struct {
	*Fleet
	path string
	file *probe.File
}

// newRig starts a fleet with these deployments, and ends it with the test.
func newRig(t *testing.T, opts Options, config string) *rig {
	t.Helper()
	r := &rig{path: filepath.Join(t.TempDir(), "config.yml")}
	r.write(t, config)
	var err error
	if r.file, err = probe.Open(r.path); err != nil {
		t.Fatal(err)
	}
	if r.Fleet, err = New(r.file, opts, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return r
}

func (r *rig) write(t *testing.T, config string) {
	t.Helper()
	if err := os.WriteFile(r.path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) reload(t *testing.T, config string) error {
	t.Helper()
	r.write(t, config)
	return errors.Join(r.file.Reload(), r.Apply())
}

// snapshots asks a deployment.
func (r *rig) snapshots(t *testing.T, name string) []*sentinel.Snapshot {
	t.Helper()
	d, release, err := r.Acquire(name)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	snapshots := d.Sentinels.Snapshots(ctx)
	if _, err := d.Assess(t.Context(), snapshots); err != nil {
		t.Error(err)
	}
	return snapshots
}

func roomy() Options { return Options{Events: true, Timeout: 2 * time.Second, MaxConnections: 4000} }

func line(name, addr string) string { return fmt.Sprintf("  %s: {sentinels: ['%s']}\n", name, addr) }

// TestReloadUnderLoad: fifty edits of the file, while all is asked, leave alone what they do not
// concern: its connections, and each of its events is counted once. The end of the test sees
// that nothing is left behind.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	stays, comes := sentineltest.RunFake(t, sentineltest.FakeConfig{}), sentineltest.RunFake(t, sentineltest.FakeConfig{})
	base := "deployments:\n" + line("stays", stays.Addr())
	r := newRig(t, roomy(), base)
	r.snapshots(t, "stays")
	d, release, err := r.Acquire("stays")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	sentineltest.WaitFor(t, "the stream", func() bool { return len(d.Events.Recent()) > 0 })
	ctx, cancel := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for range 3 {
		load.Go(func() {
			for pause.For(ctx, time.Millisecond) {
				r.snapshots(t, "stays")
			}
		})
	}
	published := 0
	for i := range 50 {
		config := base
		for j := range rand.IntN(5) {
			config += line(fmt.Sprintf("other-%d", j), comes.Addr())
		}
		switch rand.IntN(4) {
		case 0:
			config = strings.Replace(config, "']}", fmt.Sprintf("'], labels: {edit: '%d'}}", i), 1)
		case 1:
			config += "modules:\n  unused: {timeout: 3s}\n"
		case 2:
			if err := r.reload(t, config+"  broken: {sentinels: []}\n"); err == nil {
				t.Error("a mistake is not noticed")
			}
		}
		if err := r.reload(t, config); err != nil {
			t.Error(err)
		}
		published += stays.Publish("+sdown", fmt.Sprintf("master mymaster 10.0.0.%d 6379", i))
	}
	cancel()
	load.Wait()
	if published != 50 {
		t.Errorf("%d of 50 events had somebody to hear them", published)
	}
	counted := func() (events int) {
		for _, n := range d.Events.Recent() {
			if n.Kind == sentinel.StreamEvent {
				events++
			} else if n.Kind != sentinel.StreamUp {
				t.Errorf("the stream had a gap: %s", n.Text())
			}
		}
		return events
	}
	sentineltest.WaitFor(t, "all events", func() bool { return counted() >= 50 })
	if got := counted(); got != 50 {
		t.Errorf("%d events are counted, want 50", got)
	}
	if total, _ := stays.Connections(); total != 2 {
		t.Errorf("%d connections were made to the one that stays, want 2", total)
	}
	if err := r.reload(t, base); err != nil {
		t.Fatal(err)
	}
	sentineltest.WaitFor(t, "the connections to the others to be closed", func() bool { _, open := comes.Connections(); return open == 0 })
}

// TestHungDeploymentsCostOthersNothing: a hundred that never answer, each asked by somebody, do
// not delay the one that does.
func TestHungDeploymentsCostOthersNothing(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	config := "deployments:\n" + line("well", fake.Addr())
	for i := range 100 {
		hung := sentineltest.RawServer(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
		config += line(fmt.Sprintf("hung-%d", i), hung)
	}
	opts := roomy()
	opts.Timeout = time.Minute // the refreshers hang as well
	r := newRig(t, opts, config)
	ctx, cancel := context.WithCancel(t.Context())
	var hanging sync.WaitGroup
	for i := range 100 {
		hanging.Go(func() {
			d, release, err := r.Acquire(fmt.Sprintf("hung-%d", i))
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			d.Sentinels.Snapshots(ctx)
		})
	}
	began := time.Now()
	for range 20 {
		if s := r.snapshots(t, "well"); len(s) != 1 || !s[0].Up() {
			t.Error("it does not answer")
		}
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("20 rounds took %s", took)
	}
	for _, l := range r.Lines() {
		if well := l.Name == "well"; (l.Answered == 1) != well || !well && l.Status != health.Unknown {
			t.Errorf("got %+v", l)
		}
	}
	cancel()
	hanging.Wait()
}

// TestUnscrapedAreAskedInTheBackground.
func TestUnscrapedAreAskedInTheBackground(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2})
	r := newRig(t, roomy(), "deployments:\n"+line("a", fake.Addr())+line("gone", sentineltest.FreeAddr(t)))
	sentineltest.WaitFor(t, "both to be asked", func() bool {
		lines := r.Lines()
		return len(lines) == 2 && lines[0].Age != nil && lines[1].Age != nil
	})
	for _, target := range r.Targets() {
		if want := target.Name == "a"; (len(target.Groups) == 1) != want {
			t.Errorf("%s: got %+v", target.Name, target.Groups)
		}
	}
}

// TestTooManySentinels: the limit is for the file as a whole; beyond it the one before stays.
func TestTooManySentinels(t *testing.T) {
	t.Parallel()
	opts := roomy()
	opts.MaxConnections = 2
	r := newRig(t, opts, "deployments:\n"+line("a", "127.0.0.1:1"))
	err := r.reload(t, "deployments:\n"+line("b", "127.0.0.1:1")+line("c", "127.0.0.1:2")+line("d", "127.0.0.1:3"))
	if err == nil || !strings.Contains(err.Error(), "--fleet.max-connections allows 2") || !r.Refuses() {
		t.Errorf("got %v", err)
	}
	if lines := r.Lines(); len(lines) != 1 || lines[0].Name != "a" {
		t.Errorf("got %+v", lines)
	}
}

// monitoring is the snapshot of a Sentinel with one master.
func monitoring(id, runID, addr string) *sentinel.Snapshot {
	s := well("10.0.0.1:26379")
	s.ID = id
	s.Masters = []sentinel.Master{{Instance: sentinel.Instance{Name: "mymaster", Addr: addr, RunID: runID}}}
	return s
}

// assessed returns what each of some deployments, of one Sentinel each, finds of the others, and its line.
func assessed(t *testing.T, snapshots map[string]*sentinel.Snapshot) (found map[string][]string, lines map[string]Line) {
	t.Helper()
	config := "deployments:\n"
	for _, name := range slices.Sorted(maps.Keys(snapshots)) {
		config += line(name, "10.0.0.1:26379")
	}
	r := newRig(t, Options{Timeout: time.Second, MaxConnections: 2000}, config)
	found = make(map[string][]string)
	for range 2 { // the first hears of the last in the second round
		for name, s := range snapshots {
			d, release, err := r.Acquire(name)
			if err != nil {
				t.Fatal(err)
			}
			report, err := d.Assess(t.Context(), []*sentinel.Snapshot{s})
			release()
			if err != nil {
				t.Fatal(err)
			}
			found[name] = nil
			for _, f := range slices.Concat(report.Findings, report.Masters[0].Findings) {
				if strings.Contains(f.Message, "another deployment") {
					found[name] = append(found[name], fmt.Sprintf("%s %s: %s", f.Severity, f.Check, f.Message))
				}
			}
		}
	}
	lines = make(map[string]Line)
	for _, l := range r.Lines() {
		lines[l.Name] = l
	}
	return found, lines
}

// TestWhatIsShared: one finding on each side, which names the other and what both have. The nodes of
// deployments that have a Sentinel in common follow from that.
func TestWhatIsShared(t *testing.T) {
	t.Parallel()
	found, lines := assessed(t, map[string]*sentinel.Snapshot{
		"orders": monitoring("s1", "n1", "10.0.1.1:6379"),
		"carts":  monitoring("s2", "n1", "10.0.1.2:6379"), // by another address
		"search": monitoring("s2", "n1", "10.0.1.1:6379"),
		"copied": monitoring("s5", "n5", "10.0.5.1:6379"),
		"copy":   monitoring("s5", "n6", "10.0.6.1:6379"),
		"alone":  monitoring("s4", "n4", "10.0.1.1:6379"), // the same address in another network
	})
	const node, given = "critical shared_node: the node %s belongs to another deployment as well: %s", "warning sentinel_id_duplicate: the Sentinel 10.0.0.1:26379, with its id %s, is given for another deployment as well: %s"
	for name, want := range map[string]struct {
		found []string
		line  []Shared
	}{
		"orders": {
			[]string{fmt.Sprintf(node, "10.0.1.1:6379", "carts, search")},
			[]Shared{{"carts", "the data node 10.0.1.1:6379 is also in the deployment carts"}, {"search", "the data node 10.0.1.1:6379 is also in the deployment search"}},
		},
		"carts": {
			[]string{fmt.Sprintf(given, "s2", "search"), fmt.Sprintf(node, "10.0.1.2:6379", "orders")},
			[]Shared{{"orders", "the data node 10.0.1.2:6379 is also in the deployment orders"}, {"search", "the Sentinel 10.0.0.1:26379 is also in the deployment search"}},
		},
		"search": {
			[]string{fmt.Sprintf(given, "s2", "carts"), fmt.Sprintf(node, "10.0.1.1:6379", "orders")},
			[]Shared{{"carts", "the Sentinel 10.0.0.1:26379 is also in the deployment carts"}, {"orders", "the data node 10.0.1.1:6379 is also in the deployment orders"}},
		},
		"copied": {[]string{fmt.Sprintf(given, "s5", "copy")}, []Shared{{"copy", "the Sentinel 10.0.0.1:26379 is also in the deployment copy"}}},
		"copy":   {[]string{fmt.Sprintf(given, "s5", "copied")}, []Shared{{"copied", "the Sentinel 10.0.0.1:26379 is also in the deployment copied"}}},
		"alone":  {},
	} {
		if diff := cmp.Diff(want.found, found[name]); diff != "" {
			t.Errorf("findings on %s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(want.line, lines[name].Shared); diff != "" {
			t.Errorf("the line of %s (-want +got):\n%s", name, diff)
		}
	}
}

// TestSentinelsHaveMet: those of one deployment take one of the other for theirs, after a node was of both.
func TestSentinelsHaveMet(t *testing.T) {
	t.Parallel()
	snapshots := map[string]*sentinel.Snapshot{"orders": monitoring("s1", "n1", "10.0.1.1:6379"), "carts": monitoring("s2", "n2", "10.0.2.1:6379")}
	snapshots["orders"].Masters[0].Peers = []sentinel.Peer{{Instance: sentinel.Instance{RunID: "s2", Addr: "10.0.2.9:26379"}}}
	found, lines := assessed(t, snapshots)
	for name, want := range map[string]struct {
		found, line string
	}{
		"orders": {
			"critical shared_node: its Sentinels take 1 Sentinel of another deployment for theirs, which votes for nothing here: carts (10.0.2.9:26379)",
			"its Sentinels take 10.0.2.9:26379 of the deployment carts for theirs",
		},
		"carts": {
			"critical shared_node: those of another deployment take 1 Sentinel of its own for theirs: orders (10.0.0.1:26379)",
			"those of the deployment orders take its Sentinels for theirs: 10.0.0.1:26379",
		},
	} {
		if diff := cmp.Diff([]string{want.found}, found[name]); diff != "" {
			t.Errorf("findings on %s (-want +got):\n%s", name, diff)
		}
		if shared := lines[name].Shared; len(shared) != 1 || shared[0].Message != want.line {
			t.Errorf("the line of %s has %+v", name, shared)
		}
	}
}

// TestSharedReplicationID: it says so where the node of the other is not known.
func TestSharedReplicationID(t *testing.T) {
	t.Parallel()
	snapshots := map[string]*sentinel.Snapshot{"orders": monitoring("s1", "n1", "10.0.1.1:6379"), "carts": monitoring("s2", "n2", "10.0.2.1:6379"), "new": monitoring("s3", "n3", "10.0.3.1:6379")}
	for name, s := range snapshots {
		id := "8a5e2c"
		if name == "new" {
			id = unsetID
		}
		s.Masters[0].Cache = []sentinel.CachedInfo{{ReplicationID: id}}
	}
	found, lines := assessed(t, snapshots)
	for name, other := range map[string]string{"orders": "carts", "carts": "orders", "new": ""} {
		var want []string
		var line []Shared
		if other != "" {
			want = []string{"critical shared_node: its data are those of another deployment, with the same replication id: " + other}
			line = []Shared{{other, "the replication id 8a5e2c is also in the deployment " + other}}
		}
		if diff := cmp.Diff(want, found[name]); diff != "" {
			t.Errorf("findings on %s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(line, lines[name].Shared); diff != "" {
			t.Errorf("the line of %s (-want +got):\n%s", name, diff)
		}
	}
}

// TestAllShare: one list of Sentinels for a thousand names makes no list of a million pairs.
func TestAllShare(t *testing.T) {
	t.Parallel()
	snapshots := make(map[string]*sentinel.Snapshot)
	for i := range 1000 {
		snapshots[fmt.Sprintf("d%03d", i)] = monitoring("s1", "n1", "10.0.1.1:6379")
	}
	found, lines := assessed(t, snapshots)
	if diff := cmp.Diff([]string{"warning sentinel_id_duplicate: the Sentinel 10.0.0.1:26379, with its id s1, is given for another deployment as well: d000, d001, d002 and 996 more"}, found["d999"]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	want := []Shared{
		{"d000", "the Sentinel 10.0.0.1:26379 is also in the deployment d000, and in 996 more"},
		{"d001", "the Sentinel 10.0.0.1:26379 is also in the deployment d001, and in 996 more"},
		{"d002", "the Sentinel 10.0.0.1:26379 is also in the deployment d002, and in 996 more"},
	}
	if diff := cmp.Diff(want, lines["d999"].Shared); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestRemovedSharesNothing: what is not in the file any more is in no finding, also if an answer of its comes late.
func TestRemovedSharesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Timeout: time.Second, MaxConnections: 2}, "deployments:\n"+line("orders", "10.0.0.1:26379")+line("carts", "10.0.0.2:26379"))
	var removed *Deployment
	for _, name := range []string{"carts", "orders"} {
		d, release, err := r.Acquire(name)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if _, err := d.Assess(t.Context(), []*sentinel.Snapshot{monitoring("s-"+name, "n1", "10.0.1.1:6379")}); err != nil {
			t.Fatal(err)
		}
		removed = d
	}
	if lines := r.Lines(); len(lines) != 2 || len(lines[0].Shared) != 1 || len(lines[1].Shared) != 1 {
		t.Fatalf("got %+v", lines)
	}
	if err := r.reload(t, "deployments:\n"+line("carts", "10.0.0.2:26379")); err != nil {
		t.Fatal(err)
	}
	if _, err := removed.Assess(t.Context(), []*sentinel.Snapshot{monitoring("s-orders", "n1", "10.0.1.1:6379")}); err != nil {
		t.Fatal(err)
	}
	if lines := r.Lines(); len(lines) != 1 || lines[0].Shared != nil {
		t.Errorf("got %+v", lines)
	}
}

// TestSilentSharesStill: of a deployment that does not answer, what it had in common holds.
func TestSilentSharesStill(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Timeout: time.Second, MaxConnections: 2}, "deployments:\n"+line("orders", "10.0.0.1:26379")+line("carts", "10.0.0.2:26379"))
	assess := func(name string, s *sentinel.Snapshot) {
		t.Helper()
		d, release, err := r.Acquire(name)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if _, err := d.Assess(t.Context(), []*sentinel.Snapshot{s}); err != nil {
			t.Fatal(err)
		}
	}
	assess("orders", monitoring("s1", "n1", "10.0.1.1:6379"))
	assess("carts", monitoring("s2", "n1", "10.0.1.1:6379"))
	assess("orders", dead(sentinel.ReasonTimeout))
	if lines := r.Lines(); len(lines) != 2 || len(lines[0].Shared) != 1 || len(lines[1].Shared) != 1 {
		t.Errorf("got %+v", lines)
	}
}

// TestFleetHasItsRecords: after a restart each deployment has the records of its own in the history file.
func TestFleetHasItsRecords(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history")
	text := ""
	for _, name := range []string{"orders", "carts", ""} {
		text += fmt.Sprintf(`{"id":"of-%s","deployment":%q,"master":"mymaster","started":%q}`+"\n", name, name, time.Now().Format(time.RFC3339))
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file := history.OpenFile(path, history.FileOptions{MaxBytes: history.MinFileBytes, MaxAge: time.Hour}, slog.New(slog.DiscardHandler))
	t.Cleanup(file.Close)
	r := newRig(t, Options{Timeout: time.Second, MaxConnections: 2, Events: true, History: file}, "deployments:\n"+line("orders", "10.0.0.1:26379")+line("carts", "10.0.0.2:26379"))
	for _, name := range []string{"orders", "carts"} {
		d, release, err := r.Acquire(name)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if records := d.Events.History().Records(history.Query{All: true}); len(records) != 1 || records[0].ID != "of-"+name {
			t.Errorf("%s has %+v", name, records)
		}
	}
}

// TestNothingOfAReplyStays: of what Sentinels say copies are kept. A part of a reply would keep all of it in memory.
func TestNothingOfAReplyStays(t *testing.T) {
	t.Parallel()
	one, other := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2, Peers: 2}), sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 2, Peers: 2})
	r := newRig(t, roomy(), "deployments: {it: {sentinels: ['"+one.Addr()+"', '"+other.Addr()+"'], discover_peers: true}}\n")
	d, release, err := r.Acquire("it")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	sentineltest.WaitFor(t, "both streams", func() bool { return len(d.Events.Recent()) >= 2 })
	replies := make(map[string]weak.Pointer[byte])
	for i := range 3 { // the first has all that is new
		snapshots := r.snapshots(t, "it")
		for _, s := range snapshots {
			if s.Up() { // a peer of the script does not exist
				replies[fmt.Sprintf("MASTERS %d of %s", i, s.Sentinel)] = weak.Make(unsafe.StringData(s.Masters[0].Name))
				replies[fmt.Sprintf("REPLICAS %d of %s", i, s.Sentinel)] = weak.Make(unsafe.StringData(s.Masters[0].Replicas[0].RunID))
				replies[fmt.Sprintf("SENTINELS %d of %s", i, s.Sentinel)] = weak.Make(unsafe.StringData(s.Masters[0].Peers[0].RunID))
				replies[fmt.Sprintf("INFO %d of %s", i, s.Sentinel)] = weak.Make(unsafe.StringData(s.Info.RunID))
			}
		}
		d.Note(snapshots)
		report, err := d.Assess(t.Context(), snapshots)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Collector.WriteText(io.Discard, collector.Page{Snapshots: snapshots, Report: &report}); err != nil {
			t.Fatal(err)
		}
	}
	if len(replies) != 3*2*4 {
		t.Fatalf("there are the replies %v", slices.Sorted(maps.Keys(replies)))
	}
	var kept []string
	for range 200 { // until what goes on beside has ended, and long before all are asked again, which would hide it
		runtime.GC()
		kept = nil
		for what, reply := range replies {
			if reply.Value() != nil {
				kept = append(kept, what)
			}
		}
		if len(kept) == 0 {
			break
		}
	}
	if slices.Sort(kept); len(kept) > 0 {
		t.Errorf("kept: %q", kept)
	}
	runtime.KeepAlive(d)
}

// TestRemovedInAFailover: of what is removed from the file while a failover of it is heard, the record stays in the history file
// without an outcome, and no connection is left. The failover of another goes on and counts once. Added again, it has
// the record, and counts from nothing: the rest of that failover has no duration, and the next one is counted. What is
// changed in the middle of a failover has all records.
func TestRemovedInAFailover(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history")
	file := history.OpenFile(path, history.FileOptions{MaxBytes: history.MinFileBytes, MaxAge: time.Hour}, slog.New(slog.DiscardHandler))
	t.Cleanup(file.Close)
	stays, goes := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 1}), sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 1})
	opts := roomy()
	opts.History = file
	without := "deployments:\n" + line("stays", stays.Addr())
	both := without + line("goes", goes.Addr())
	r := newRig(t, opts, both)
	master := r.snapshots(t, "stays")[0].Masters[0]
	from, to := strings.ReplaceAll(master.Addr, ":", " "), strings.ReplaceAll(master.Replicas[0].Addr, ":", " ")
	publish := func(f *sentineltest.Fake, epoch int, events string) {
		t.Helper()
		for event := range strings.Lines(events) {
			channel, payload, _ := strings.Cut(strings.TrimSpace(event), " ")
			if f.Publish(channel, strings.NewReplacer("EPOCH", fmt.Sprint(epoch), "MASTER", "master mymaster "+from, "REPLICA", "slave "+master.Replicas[0].Addr+" "+to+" @ mymaster "+from, "SWITCH", "mymaster "+from+" "+to, "OLD", "slave "+master.Addr+" "+from+" @ mymaster "+to).Replace(payload)) != 1 {
				t.Errorf("nobody heard %s", event)
			}
		}
	}
	const begins = "+sdown MASTER\n+odown MASTER #quorum 1/1\n+new-epoch EPOCH\n+try-failover MASTER\n+elected-leader MASTER\n+failover-state-select-slave MASTER\n+selected-slave REPLICA"
	const ends = "+promoted-slave REPLICA\n+failover-state-reconf-slaves MASTER\n+failover-end MASTER\n+switch-master SWITCH\n+slave OLD"
	acquired := func(name string) *Deployment {
		t.Helper()
		d, release, err := r.Acquire(name)
		if err != nil {
			t.Fatal(err)
		}
		release()
		return d
	}
	hears := func(d *Deployment) {
		t.Helper()
		sentineltest.WaitFor(t, "the stream of "+d.Name(), func() bool { return len(d.Events.Recent()) > 0 })
	}
	// has waits until the records of a deployment have these outcomes, the newest first.
	has := func(d *Deployment, want ...history.Outcome) {
		t.Helper()
		var got []history.Outcome
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("%s had %q, want %q", d.Name(), got, want)
			}
		})
		sentineltest.WaitFor(t, "the records of "+d.Name(), func() bool {
			got = nil
			for _, record := range d.Events.History().Records(history.Query{All: true}) {
				got = append(got, record.Outcome)
			}
			return slices.Equal(got, want)
		})
	}
	// counted are the durations of failovers, and how often one begun and a stream broke.
	counted := func(d *Deployment) string {
		t.Helper()
		var page strings.Builder
		if err := d.Collector.WriteText(&page, collector.Page{Snapshots: r.snapshots(t, d.Name()), Report: &health.Report{}}); err != nil {
			t.Fatal(err)
		}
		var counts []string
		for l := range strings.Lines(page.String()) {
			for _, series := range []string{"event_stream_losses_total{", `event="+try-failover"`, `failover_duration_seconds_count{`} {
				if strings.Contains(l, series) {
					counts = append(counts, l[strings.LastIndex(l, " ")+1:len(l)-1])
				}
			}
		}
		return strings.Join(counts, " ")
	}

	first, old := acquired("stays"), acquired("goes")
	hears(first)
	hears(old)
	publish(stays, 7, begins)
	publish(goes, 7, begins)
	has(first, "")
	has(old, "")
	if err := r.reload(t, without); err != nil {
		t.Fatal(err)
	}
	sentineltest.WaitFor(t, "its connections to be closed", func() bool { _, open := goes.Connections(); return open == 0 })
	publish(stays, 7, ends)
	has(first, history.OutcomeSwitched)
	if got := counted(first); got != "0 1 0 1" {
		t.Errorf("counts %s", got)
	}
	if again := acquired("stays"); again != first {
		t.Error("the other one was made anew")
	}
	sentineltest.WaitFor(t, "the record in the file", func() bool {
		text, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(text), `"deployment":"goes"`)
	})
	if err := r.reload(t, both); err != nil {
		t.Fatal(err)
	}
	anew := acquired("goes")
	has(anew, "")
	hears(anew)
	if got := counted(anew); got != "0 0 0" {
		t.Errorf("counts %s", got)
	}
	publish(goes, 7, ends)
	publish(goes, 8, begins+"\n"+ends)
	has(anew, history.OutcomeSwitched, history.OutcomeSwitched, "")
	if got := counted(anew); got != "0 1 0 1" {
		t.Errorf("counts %s", got)
	}

	publish(goes, 9, begins)
	has(anew, "", history.OutcomeSwitched, history.OutcomeSwitched, "")
	for _, port := range []string{"1", "2"} { // at once: what is between may never have listened
		if err := r.reload(t, strings.TrimSuffix(both, "]}\n")+", 127.0.0.1:"+port+"]}\n"); err != nil {
			t.Fatal(err)
		}
	}
	changed := acquired("goes")
	if changed == anew {
		t.Fatal("it was not made anew")
	}
	if got := len(changed.Events.History().Records(history.Query{All: true})); got < 3 {
		t.Errorf("at once it has %d of the records of before", got)
	}
	has(changed, "", history.OutcomeSwitched, history.OutcomeSwitched, "")
}
