package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/internal/sentineltest/faults"
)

// perhaps is the reason for what may be empty or not, by what is chosen or by chance.
const perhaps = "it may be so or not"

// quiet are the queries that have no answer while all is well, with the reason.
// Each must have one in a later stage of TestLive.
func quiet() map[string]string {
	const well = "nothing is wrong"
	return merged(withoutASwitch(), map[string]string{
		"redis-sentinel-overview: What is wrong now A":                well,
		"redis-sentinel-master: What is wrong now A":                  well,
		"redis-sentinel-sentinel: What is wrong now A":                well,
		"redis-sentinel-overview: Health A":                           well,
		"redis-sentinel-fleet: Health A":                              well,
		"redis-sentinel-fleet: annotation Firing alerts":              well,
		"redis-sentinel-overview: Could the master be failed over? A": well,
		"redis-sentinel-overview: annotation Firing alerts":           well,
		"redis-sentinel-master: annotation Firing alerts":             well,
		"redis-sentinel-sentinel: annotation Firing alerts":           well,
		"redis-sentinel-master: How long they took A":                 "no failover has ended",
		"redis-sentinel-master: Failovers B":                          "none has been given up",
		"redis-sentinel-master: Events A":                             perhaps, // of its replicas after the start
	})
}

// withoutASwitch are those without an answer as long as no master was switched.
func withoutASwitch() map[string]string {
	const never = "no master has been switched since the exporter's start"
	return merged(unbroken(), map[string]string{
		"redis-sentinel-master: Last failover A":        never,
		"redis-sentinel-master: Failovers A":            never,
		"redis-sentinel-overview: Failovers A":          never,
		"redis-sentinel-fleet: Failovers A":             never,
		"redis-sentinel-fleet: annotation Failovers":    never,
		"redis-sentinel-overview: annotation Failovers": never,
		"redis-sentinel-master: annotation Failovers":   never,
		"redis-sentinel-sentinel: annotation Failovers": never,
	})
}

// unbroken are those without an answer as long as all Sentinels have answered.
func unbroken() map[string]string {
	const all = "all Sentinels have always answered"
	return merged(merged(withoutSharedNodes(), withSharedNodes()), map[string]string{
		"redis-sentinel-overview: Sentinels that can still fail A":  all,
		"redis-sentinel-sentinel: Why commands fail A":              perhaps, // a busy machine answers late
		"redis-sentinel-sentinel: Which commands does it answer? A": perhaps,
		"redis-sentinel-sentinel: Lost event streams A":             all,
	})
}

// withSharedNodes are those that no stage but the last one is about.
func withSharedNodes() map[string]string {
	return map[string]string{
		"redis-sentinel-master: Quorum arithmetic E":                       "all is on one loopback address",
		"redis-sentinel-overview: Exporters A":                             perhaps, // a busy machine scrapes late
		"redis-sentinel-overview: Sentinels that monitor the master A":     perhaps, // one after the other begins to
		"redis-sentinel-overview: Do the Sentinels agree on the master? A": perhaps, // one after the other is switched
		"redis-sentinel-sentinel: Why commands fail A":                     perhaps, // of the chosen ones
		"redis-sentinel-sentinel: Which commands does it answer? A":        perhaps,
		"redis-sentinel-sentinel: Lost event streams A":                    perhaps,
	}
}

func withoutSharedNodes() map[string]string {
	return map[string]string{"redis-sentinel-overview: Nodes of two masters A": "each node has one master"}
}

func merged(one, other map[string]string) map[string]string {
	both := maps.Clone(one)
	maps.Copy(both, other)
	return both
}

// choices are what somebody may choose: all, each of the three deployments, one
// Sentinel, several.
func (s *stage) choices() map[string]chosen {
	sentinels := s.topology.SentinelAddrs()
	return map[string]chosen{
		"all":          nil,
		"one exporter": {"job": {single}, "master_name": {faults.MasterName}},
		"deployment":   {"job": {shop}, "deployment": {"shop"}, "master_name": {faults.MasterName}, "sentinel": sentinels},
		"beside each":  {"job": {beside}},
		"two jobs":     {"job": {single, shop}, "sentinel": sentinels[:2]},
		"one Sentinel": {"job": {single}, "sentinel": sentinels[:1]},
	}
}

// lookAt runs every query of every dashboard for each choice. None may fail, and
// each must have an answer but those that may be empty: these must be. What a busy
// machine upsets for a moment has time to come back.
func (s *stage) lookAt(t *testing.T, empty map[string]string) {
	var wrong []string
	for deadline := time.Now().Add(time.Minute); ; {
		if wrong = s.mismatches(t, empty); len(wrong) == 0 || t.Failed() || time.Now().After(deadline) {
			break
		}
	}
	for _, w := range wrong {
		t.Error(w)
	}
}

// mismatches says which queries have an answer and should not, or the other way
// round.
func (s *stage) mismatches(t *testing.T, empty map[string]string) []string {
	t.Helper()
	var list []string
	boards, asked := dashboards(t), 0
	stale := maps.Clone(empty)
	for name, values := range s.choices() {
		for _, b := range boards {
			for what, lines := range s.answers(t, b, values) {
				asked++
				delete(stale, what)
				switch reason := empty[what]; {
				case reason == perhaps:
				case len(lines) == 0 && reason == "":
					list = append(list, fmt.Sprintf("%s: %s: no data", name, what))
				case len(lines) > 0 && reason != "":
					list = append(list, fmt.Sprintf("%s: %s: there is data, although %s: %v", name, what, reason, lines))
				}
			}
		}
	}
	for what := range stale {
		t.Errorf("there is no query %s that could be empty", what)
	}
	t.Logf("%3.0f s: %d queries", time.Since(s.began).Seconds(), asked)
	return list
}

// answers runs all queries of a dashboard.
func (s *stage) answers(t *testing.T, b jsonBoard, values chosen) map[string][]line {
	t.Helper()
	all := map[string][]line{}
	ask := func(what, expr string, instant bool) {
		how := s.over
		if instant {
			how = s.now
		}
		lines, err := how(t.Context(), quick(b.interpolate(expr, values, live())))
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		all[b.UID+": "+what] = lines
	}
	for _, p := range b.drawn() {
		for _, target := range p.Targets {
			ask(p.Title+" "+target.RefID, target.Expr, target.Instant)
		}
	}
	for _, a := range b.Annotations.List {
		ask("annotation "+a.Name, a.Target.Expr, a.Target.Instant)
	}
	return all
}

// live are the values of Grafana's own variables that fit a test of a minute.
func live() map[string]string {
	return map[string]string{"__rate_interval": "10s", "__range": "10m"}
}

// quick is an expression with its minutes scaled to 5 seconds, as the alerts' tests
// scale theirs.
func quick(expr string) string {
	return strings.NewReplacer(":1m]", ":5s]", "offset 1m", "offset 5s").Replace(expr)
}

// wantStats compares the numbers of panels, by dashboard and number, with what
// the topology is known to be like. Each job shows the same, unless only some are
// given.
func (s *stage) wantStats(t *testing.T, want map[string]float64, jobs ...string) {
	t.Helper()
	if len(jobs) == 0 {
		jobs = []string{single, shop, beside}
	}
	for _, b := range dashboards(t) {
		for _, p := range b.drawn() {
			name := fmt.Sprintf("%s %d", strings.TrimPrefix(b.UID, "redis-sentinel-"), p.ID)
			value, ok := want[name]
			if !ok {
				continue
			}
			for _, job := range jobs {
				sentineltest.WaitFor(t, fmt.Sprintf("%q shows %v for %s", p.Title, value, job), func() bool {
					lines, err := s.now(t.Context(), quick(b.interpolate(p.Targets[0].Expr, chosen{"job": {job}}, live())))
					if err != nil {
						t.Fatal(err)
					}
					return len(lines) == 1 && lines[0].value == value
				})
			}
		}
	}
}

// variables resolves the variables as Grafana does, each with what was chosen in
// those before it.
func (s *stage) variables(t *testing.T) {
	sentinels := slices.Sorted(slices.Values(s.topology.SentinelAddrs()))
	master := []string{faults.MasterName}
	for _, tc := range []struct {
		values chosen
		want   map[string][]string
	}{
		{nil, map[string][]string{"job": {shop, single, beside}, "deployment": {"shop"}, "master_name": master, "sentinel": sentinels}},
		{chosen{"job": {shop}}, map[string][]string{"deployment": {"shop"}, "master_name": master, "sentinel": sentinels}},
		{chosen{"job": {single, beside}}, map[string][]string{"deployment": nil, "master_name": master, "sentinel": sentinels}},
		{chosen{"job": {single}, "deployment": {"shop"}}, map[string][]string{"master_name": nil, "sentinel": nil}},
	} {
		for _, b := range dashboards(t) {
			for _, v := range b.Templating.List {
				want, ok := tc.want[v.Name]
				if !ok {
					continue
				}
				parts := labelValues.FindStringSubmatch(v.Query)
				got, err := s.values(t.Context(), b.interpolate(parts[1], tc.values, nil), parts[2])
				if err != nil {
					t.Fatal(err)
				}
				if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
					t.Errorf("%s: with %v chosen, %s can be %q, want %q", b.UID, tc.values, v.Name, got, want)
				}
			}
		}
	}
}

// wantBlind: panels, by dashboard and number, have no number for a job that nobody
// watches.
func (s *stage) wantBlind(t *testing.T, job string, panels ...string) {
	t.Helper()
	for _, b := range dashboards(t) {
		for _, p := range b.drawn() {
			if !slices.Contains(panels, fmt.Sprintf("%s %d", strings.TrimPrefix(b.UID, "redis-sentinel-"), p.ID)) {
				continue
			}
			lines, err := s.now(t.Context(), quick(b.interpolate(p.Targets[0].Expr, chosen{"job": {job}}, live())))
			if err != nil {
				t.Fatal(err)
			}
			if len(lines) > 0 {
				t.Errorf("%s: %s shows %v, and nobody watches", b.UID, p.Title, lines)
			}
		}
	}
}

// wantFindings compares what is wrong now, by check, with the ranks of the status.
func (s *stage) wantFindings(t *testing.T, job string, want map[string]float64) {
	t.Helper()
	b := dashboards(t)[0]
	for _, p := range b.drawn() {
		if p.Title != "What is wrong now" {
			continue
		}
		lines, err := s.now(t.Context(), quick(b.interpolate(p.Targets[0].Expr, chosen{"job": {job}}, live())))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, l := range lines {
			got[l.labels["check"]] = l.value
			if l.labels["master_name"] == "" || l.labels["runbook"] == "" {
				t.Errorf("%v leads to no master or to no runbook", l.labels)
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("what is wrong is %v, want %v", got, want)
		}
	}
}
