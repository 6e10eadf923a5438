package collector_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

const master = "mymaster"

// A rig is a real deployment with the exporter's own way to its metrics.
type rig struct {
	*sentineltest.Topology
	t          *testing.T
	addrs      []string
	deployment *deployment.Deployment
	collector  *collector.Collector
}

func newRig(t *testing.T, cfg sentineltest.Config, options ...func(*sentinel.Options)) *rig {
	t.Helper()
	r := &rig{Topology: sentineltest.Run(t, cfg), t: t}
	r.addrs = r.ClientAddrs()
	r.collector = collector.New(collector.Options{Replicas: true, Peers: true, InfoCache: true, Events: true})
	clients := make([]*sentinel.Client, len(r.addrs))
	for i, addr := range r.addrs {
		o := sentinel.Options{Address: addr, InfoCache: true}
		if i < len(options) && options[i] != nil {
			options[i](&o)
		}
		clients[i] = sentinel.NewClient(o)
	}
	r.deployment = deployment.New(clients...)
	t.Cleanup(r.deployment.Close)
	return r
}

// samples is a scrape: values by series, without the prefix.
func (r *rig) samples(deadline time.Duration) map[string]float64 {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), deadline)
	defer cancel()
	values := map[string]float64{}
	for _, f := range r.families(ctx) {
		for _, m := range f.Metric {
			name := series(f, m)
			if _, twice := values[name]; twice {
				r.t.Errorf("%s comes twice in one scrape", name)
			}
			values[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return values
}

// families asks the Sentinels, and lets Prometheus' own parser read the metrics
// made of what they say.
func (r *rig) families(ctx context.Context) map[string]*dto.MetricFamily {
	r.t.Helper()
	snapshots := r.deployment.Snapshots(ctx)
	report := health.Assess(snapshots, nil)
	var text bytes.Buffer
	if err := r.collector.WriteText(&text, collector.Page{Snapshots: snapshots, Report: &report}); err != nil {
		r.t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(&text)
	if err != nil {
		r.t.Fatal(err)
	}
	return families
}

func series(f *dto.MetricFamily, m *dto.Metric) string {
	labels := make([]string, len(m.Label))
	for i, l := range m.Label {
		labels[i] = fmt.Sprintf("%s=%q", l.GetName(), l.GetValue())
	}
	return strings.TrimPrefix(f.GetName(), "redis_sentinel_") + "{" + strings.Join(labels, ",") + "}"
}

// of picks the samples of one Sentinel.
func of(values map[string]float64, addr string) map[string]float64 {
	own := maps.Clone(values)
	maps.DeleteFunc(own, func(series string, _ float64) bool {
		return !strings.Contains(series, fmt.Sprintf("sentinel=%q", addr))
	})
	return own
}

// is checks one value.
func (r *rig) is(values map[string]float64, want float64, format string, args ...any) {
	r.t.Helper()
	series := fmt.Sprintf(format, args...)
	got, found := values[series]
	if silent, canBe := quiet(series); !found && canBe && want == silent {
		return
	}
	if !found || got != want {
		r.t.Errorf("%s is %v (there: %v), want %v", series, got, found, want)
	}
}

// holds compares the samples of a Sentinel, all of them and no other, with what
// redis-cli said just before and just after.
func (r *rig) holds(i int) {
	r.t.Helper()
	s, addr := r.Sentinels[i], r.addrs[i]
	before := ask(r.t.Context(), r.t, s, addr)
	got := of(r.samples(5*time.Second), addr)
	after := ask(r.t.Context(), r.t, s, addr)
	want, again := before.all(), after.all()
	for _, series := range slices.Sorted(maps.Keys(want)) {
		value, found := got[series]
		switch {
		case !found && math.IsNaN(want[series]):
		case !found && isQuiet(series, want[series], again[series]):
		case !found:
			r.t.Errorf("%s is not exposed; redis-cli says %v", series, want[series])
		case off(value, want[series], series) && off(value, again[series], series):
			r.t.Errorf("%s is %v; redis-cli says %v before and %v after", series, value, want[series], again[series])
		}
		delete(got, series)
	}
	for series, value := range got {
		r.t.Errorf("%s %v is exposed, but redis-cli does not have it", series, value)
	}
}

// isQuiet reports whether a series had nothing to say at some moment.
func isQuiet(series string, values ...float64) bool {
	silent, canBe := quiet(series)
	return canBe && slices.Contains(values, silent)
}

func off(a, b float64, series string) bool { return !(math.Abs(a-b) <= tolerance(series)) }

// all is everything that should be exposed of the Sentinel.
func (o *oracle) all() map[string]float64 {
	all := o.perSentinel()
	if o.master == nil {
		return all
	}
	for _, part := range []map[string]float64{o.perMaster(), o.perReplica(), o.perPeer(), o.perNode()} {
		maps.Copy(all, part)
	}
	return all
}

// TestEveryMetric holds every metric of the catalogue against redis-cli: in
// health, with a dead replica and a dead peer, with the master down, and after a
// failover.
func TestEveryMetric(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{FailoverTimeout: 5 * time.Second})
	ctx := t.Context()
	for i := range r.Sentinels {
		r.holds(i)
	}

	if _, err := r.Failover(ctx, master); err != nil {
		t.Fatal(err)
	}
	if err := r.WaitSettled(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range r.Sentinels {
		r.holds(i)
	}

	current, err := r.Master(ctx, master)
	if err != nil {
		t.Fatal(err)
	}
	var dead *sentineltest.Node
	for _, node := range r.Masters[0].DataNodes() {
		if node.Addr() != current {
			dead = node
		}
	}
	dead.Kill()
	r.Sentinels[2].Kill()
	sentineltest.WaitFor(r.t, "the replica and the Sentinel are down", func() bool {
		o := ask(ctx, t, r.Sentinels[0], r.addrs[0])
		return slices.ContainsFunc(o.replicas, func(row map[string]string) bool { return has(row, "s_down") && has(row, "disconnected") }) &&
			slices.ContainsFunc(o.peers, func(row map[string]string) bool { return has(row, "s_down") && has(row, "disconnected") })
	})
	r.holds(0)
	const refusals = "command_errors_total{command=\"masters\",reason=\"unreachable\",sentinel=%q}"
	once := r.samples(5 * time.Second)[fmt.Sprintf(refusals, r.addrs[2])]
	values := r.samples(5 * time.Second)
	r.is(values, once+1, refusals, r.addrs[2])
	r.is(values, 0, "replica_ok{master_name=%q,replica=%q,sentinel=%q}", master, dead.Addr(), r.addrs[0])
	r.is(values, 1, "master_ok_replicas{master_name=%q,sentinel=%q}", master, r.addrs[0])
	r.is(values, 0, "master_quorum_margin{master_name=%q,sentinel=%q}", master, r.addrs[0])
	r.is(values, 3, "deployment_sentinels{}")
	r.is(values, 2, "deployment_sentinels_up{}")
	r.is(values, 0, "up{sentinel=%q}", r.addrs[2])
	for series := range of(values, r.addrs[2]) {
		if strings.HasPrefix(series, "master_") || strings.HasPrefix(series, "info") || strings.HasPrefix(series, "tilt") {
			t.Errorf("a dead Sentinel says %s", series)
		}
	}
}

// TestMasterDown: a master that hangs is s_down and o_down while nobody can take
// over, and says so in every metric.
func TestMasterDown(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: sentineltest.None})
	if err := r.Masters[0].Node.Hang(); err != nil {
		t.Fatal(err)
	}
	down := func() bool {
		o := ask(t.Context(), t, r.Sentinels[0], r.addrs[0])
		return has(o.master, "o_down") && !has(o.master, "failover_in_progress") && !has(o.master, "disconnected")
	}
	sentineltest.WaitFor(r.t, "o_down", down)
	r.holds(0)
	values := r.samples(5 * time.Second)
	r.is(values, 0, "master_ok{master_name=%q,sentinel=%q}", master, r.addrs[0])
	r.is(values, 1, "master_odown{master_name=%q,sentinel=%q}", master, r.addrs[0])
	r.is(values, 0, "master_failover_possible{master_name=%q,sentinel=%q}", master, r.addrs[0])
}

// TestFaultsShow: each fault of one Sentinel shows in its metrics, and the
// samples of the others stay what redis-cli says.
func TestFaultsShow(t *testing.T) {
	t.Parallel()
	const secret = "canary"
	config := sentineltest.Config{Replicas: 1, Password: secret, ACL: []string{
		"user lame on >" + secret + " resetchannels -@all +ping +info +sentinel|masters +sentinel|myid +sentinel|replicas +sentinel|ckquorum +sentinel|info-cache",
	}}
	credentials := func(user, password string) func(*sentinel.Options) {
		return func(o *sentinel.Options) {
			o.Username, o.Password = user, func() (string, error) { return password, nil }
		}
	}
	const deadline = 3 * time.Second // for those that answer; the hung one takes it
	all := []string{"info", "myid", "masters", "replicas", "sentinels", "ckquorum", "info_cache"}
	tests := []struct {
		name    string
		user    string
		pass    string
		fault   func(*testing.T, *sentineltest.Sentinel)
		up      float64
		reason  string
		failing []string
	}{
		{"hung", "", secret, func(t *testing.T, s *sentineltest.Sentinel) { check(t, s.Hang()) }, 0, "timeout", all},
		{"killed", "", secret, func(_ *testing.T, s *sentineltest.Sentinel) { s.Kill() }, 0, "unreachable", all},
		{"wrong password", "", "wrong", nil, 0, "auth", all},
		{"may not ask SENTINELS", "lame", secret, nil, 1, "permission", []string{"sentinels"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			right := credentials("", secret)
			r := newRig(t, config, right, credentials(test.user, test.pass), right)
			if test.fault != nil {
				test.fault(t, r.Sentinels[1])
			}
			start := time.Now()
			values := r.samples(deadline)
			if took := time.Since(start); took > deadline+5*time.Second {
				t.Errorf("the scrape took %v", took)
			}
			addr := r.addrs[1]
			r.is(values, test.up, "up{sentinel=%q}", addr)
			for _, command := range all {
				failed := slices.Contains(test.failing, command)
				r.is(values, 1-bit(failed), "command_success{command=%q,sentinel=%q}", command, addr)
				refused := fmt.Sprintf("command_errors_total{command=%q,reason=%q,sentinel=%q}", command, test.reason, addr)
				if values[refused] != bit(failed) {
					t.Errorf("%s is %v", refused, values[refused])
				}
			}
			for series := range of(values, addr) {
				if strings.HasPrefix(series, "peer_") || strings.Contains(series, "ok_sentinels") || test.up == 0 && strings.Contains(series, "master_") {
					t.Errorf("%s is exposed though nobody said it", series)
				}
			}
			r.is(values, 2+test.up, "deployment_sentinels_up{}")
			r.is(values, 1, "deployment_master_addresses{master_name=%q}", master)
			for _, other := range []int{0, 2} {
				r.is(values, 1, "up{sentinel=%q}", r.addrs[other])
				r.is(values, 1, "master_ok{master_name=%q,sentinel=%q}", master, r.addrs[other])
				r.is(values, 0, "command_errors_total{command=\"ckquorum\",reason=%q,sentinel=%q}", test.reason, r.addrs[other])
			}
		})
	}
}

// TestTilt: a Sentinel in TILT says so, and that it cannot fail over; redis-cli
// agrees on all else.
func TestTilt(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1})
	check(t, r.Sentinels[1].ForceTilt(t.Context()))
	values := r.samples(5 * time.Second)
	for i, addr := range r.addrs {
		r.is(values, bit(i == 1), "tilt{sentinel=%q}", addr)
		r.is(values, bit(i != 1), "master_failover_possible{master_name=%q,sentinel=%q}", master, addr)
		r.is(values, 1, "master_quorum_ok{master_name=%q,sentinel=%q}", master, addr)
	}
	sentineltest.WaitFor(r.t, "a second in TILT", func() bool {
		return r.samples(5 * time.Second)[fmt.Sprintf("tilt_seconds{sentinel=%q}", r.addrs[1])] >= 1
	})
	check(t, r.Sentinels[1].EndTilt(t.Context()))
	sentineltest.WaitFor(r.t, "the end of TILT", func() bool {
		values := r.samples(5 * time.Second)
		return values[fmt.Sprintf("tilt{sentinel=%q}", r.addrs[1])] == 0 && values[fmt.Sprintf("tilt_seconds{sentinel=%q}", r.addrs[1])] == 0
	})
}

// TestNoSentinelAtAll: the metrics are there and say so.
func TestNoSentinelAtAll(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: sentineltest.None})
	for _, s := range r.Sentinels {
		s.Kill()
	}
	values := r.samples(time.Second)
	r.is(values, 3, "deployment_sentinels{}")
	r.is(values, 0, "deployment_sentinels_up{}")
	for _, addr := range r.addrs {
		r.is(values, 0, "up{sentinel=%q}", addr)
	}
	for series := range values {
		if strings.Contains(series, master) {
			t.Errorf("somebody said %s", series)
		}
	}
}

// TestFailoverShows: from the first step to the last, the Sentinels' addresses
// and epochs are told apart and come together again.
func TestFailoverShows(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{})
	old := r.Masters[0].Node.Addr()
	if _, err := r.Sentinels[0].CLI(t.Context(), "SENTINEL", "FAILOVER", master); err != nil {
		t.Fatal(err)
	}
	inProgress := false
	sentineltest.WaitFor(r.t, "one new master on all Sentinels", func() bool {
		values := r.samples(5 * time.Second)
		inProgress = inProgress || values[fmt.Sprintf("master_failover_in_progress{master_name=%q,sentinel=%q}", master, r.addrs[0])] == 1
		for series := range values {
			if strings.HasPrefix(series, "master_info{") && strings.Contains(series, old) {
				return false
			}
		}
		return values[fmt.Sprintf("deployment_master_addresses{master_name=%q}", master)] == 1
	})
	if !inProgress {
		t.Error("no scrape saw the failover in progress")
	}
	sentineltest.WaitFor(r.t, "the end of the failover", func() bool {
		values := r.samples(5 * time.Second)
		return values[fmt.Sprintf("master_failover_in_progress{master_name=%q,sentinel=%q}", master, r.addrs[0])] == 0
	})
	r.is(r.samples(5*time.Second), 1, "master_config_epoch{master_name=%q,sentinel=%q}", master, r.addrs[0])
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
