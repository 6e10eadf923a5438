package collector

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"redis_sentinel_exporter/sentinel"
)

// What a healthy deployment may cost its users, in series.
const (
	budgetOfThree  = 220 // three Sentinels on a master with two replicas, with the events
	budgetProbed   = 200 // the same at /probe, which has no events
	budgetOfMaster = 75  // one more master with two replicas and two peers, at one Sentinel
)

// TestSeriesBudget: a healthy deployment keeps to it.
func TestSeriesBudget(t *testing.T) {
	t.Parallel()
	sum := func(counts map[string]int) (n int) {
		for _, c := range counts {
			n += c
		}
		return n
	}
	if n := sum(seriesOf(t, 3, 1, true)); n > budgetOfThree {
		t.Errorf("%d series, more than %d", n, budgetOfThree)
	}
	if n := sum(seriesOf(t, 3, 1, false)); n > budgetProbed {
		t.Errorf("%d series at /probe, more than %d", n, budgetProbed)
	}
	if n := sum(seriesOf(t, 1, 2, true)) - sum(seriesOf(t, 1, 1, true)); n > budgetOfMaster {
		t.Errorf("%d series for one more master, more than %d", n, budgetOfMaster)
	}
}

// seriesOf counts the series of each family of a healthy deployment of three Sentinels, of
// which some are asked.
func seriesOf(t *testing.T, sentinels, masters int, events bool) map[string]int {
	t.Helper()
	names := make([]string, masters)
	for i := range names {
		names[i] = fmt.Sprint("m", i)
	}
	var snapshots []*sentinel.Snapshot
	for i := range sentinels {
		s := at(fmt.Sprintf("10.0.0.%d:26379", i+1), named(names...))
		s.ID = fmt.Sprint("id", i)
		s.Info.RunningScripts, s.Info.ScriptsQueueLength, s.Info.TotalTilt = num(0), num(0), num(0)
		for m := range s.Masters {
			// named gives all masters the same nodes, of which one must not be promoted.
			master := &s.Masters[m]
			master.RunID, master.Addr = fmt.Sprint("run", m), fmt.Sprintf("10.0.%d.1:6379", m+1)
			for r := range master.Replicas {
				master.Replicas[r].Priority, master.Replicas[r].Addr = num(100), fmt.Sprintf("10.0.%d.%d:6379", m+1, r+2)
				master.Replicas[r].RunID = fmt.Sprint("run", m, r)
			}
			master.Peers = nil
			for p := range 3 {
				if p != i {
					master.Peers = append(master.Peers, healthyPeer(fmt.Sprintf("10.0.0.%d:26379", p+1), fmt.Sprint("id", p)))
				}
			}
		}
		snapshots = append(snapshots, s)
	}
	c := New(Options{Replicas: true, Peers: true, Events: events})
	if events {
		e, _ := heard("")
		c = c.WithEvents(e)
	}
	counts := map[string]int{}
	for _, f := range families(t, c, snapshots) {
		for _, m := range f.Metric {
			n := 1
			if h := m.GetHistogram(); h != nil {
				n = len(h.Bucket) + len([]string{"sum", "count"})
			}
			counts[f.GetName()] += n
		}
	}
	return counts
}

// A price is how many series a family has in health.
type price struct{ deployment, sentinel, master, both int }

// prices finds each family's price out by differences.
func prices(t *testing.T) map[string]price {
	t.Helper()
	one, sentinels, masters, both := seriesOf(t, 1, 1, true), seriesOf(t, 2, 1, true), seriesOf(t, 1, 2, true), seriesOf(t, 2, 2, true)
	all := map[string]price{}
	for name, n := range one {
		p := price{both: both[name] - sentinels[name] - masters[name] + n}
		p.sentinel = sentinels[name] - n - p.both
		p.master = masters[name] - n - p.both
		p.deployment = n - p.sentinel - p.master - p.both
		all[name] = p
	}
	return all
}

// questions are what families answer that neither an alert nor a panel asks for.
func questions() map[string]string {
	return map[string]string{
		"deployment_sentinels":                         "How many Sentinels are asked, by each way?",
		"deployment_sentinels_up":                      "How many of them answer?",
		"deployment_master_addresses":                  "Do the Sentinels agree on who the master is?",
		"deployment_old_master_writable_seconds_total": "For how long did clients write to a node that had been replaced?",
		"master_ok_sentinels":                          "Dashboards made for redis_exporter ask for it by this name.",
		"tilt_seconds":                                 "For how long has it been in TILT?",
		"tilts_total":                                  "How often has it been?",
		"master_disconnected":                          "Which link is being made again?",
		"replica_disconnected":                         "The same.",
		"peer_ok":                                      "Which peer does CKQUORUM not count?",
	}
}

// asked says which alerts, panels or questions need each family.
func asked(t *testing.T) map[string]string {
	t.Helper()
	alerts, panels := alertsByMetric(t), panelsByMetric(t)
	all := map[string]string{}
	for _, d := range descriptions(tables(Options{Replicas: true, Peers: true, Events: true})) {
		name := strings.TrimPrefix(d.name, prefix)
		var parts []string
		for _, part := range []struct {
			what  string
			names []string
		}{{"alert", alerts[name]}, {"panel", panels[name]}} {
			switch n := len(part.names); {
			case n == 1:
				parts = append(parts, part.what+" "+part.names[0])
			case n > 1:
				parts = append(parts, fmt.Sprintf("%ss %s and %d more", part.what, part.names[0], n-1))
			}
		}
		if question := questions()[name]; question != "" {
			parts = append(parts, question)
		}
		all[name] = strings.Join(parts, "; ")
	}
	return all
}

var metricName = regexp.MustCompile(`\bredis_sentinel_(\w+)`)

// usedIn notes for what the metrics of an expression are used.
func usedIn(by map[string][]string, expr, what string) {
	for _, m := range metricName.FindAllStringSubmatch(expr, -1) {
		name := regexp.MustCompile(`(_duration_seconds)_(sum|count)$`).ReplaceAllString(m[1], "$1")
		if !slices.Contains(by[name], what) {
			by[name] = append(by[name], what)
		}
	}
}

func alertsByMetric(t *testing.T) map[string][]string {
	t.Helper()
	by := map[string][]string{}
	rules := readProject(t, "alerts", "redis_sentinel.rules.yml")
	for rule := range strings.SplitSeq(rules, "      - ") {
		name, rest, _ := strings.Cut(rule, "\n")
		_, name, found := strings.Cut(name, ": ")
		if !found {
			continue
		}
		if recorded, is := strings.CutPrefix(rule, "record: "); is {
			name, _, _ = strings.Cut(recorded, "\n")
		}
		expr, _, _ := strings.Cut(rest, "        labels:")
		usedIn(by, expr, strings.TrimPrefix(name, "RedisSentinel"))
	}
	compat := readProject(t, "alerts", "redis_exporter_compat.rules.yml")
	_, compat, _ = strings.Cut(compat, "\ngroups:")
	usedIn(by, compat, "redis_exporter's names")
	return by
}

func panelsByMetric(t *testing.T) map[string][]string {
	t.Helper()
	by := map[string][]string{}
	for _, file := range []string{"overview.json", "master.json", "sentinel.json"} {
		type panel struct {
			Title   string
			Targets []struct{ Expr string }
		}
		var board struct {
			Panels []struct {
				panel
				Panels []panel // of a closed row
			}
			Annotations struct {
				List []struct{ Name, Expr string }
			}
			Templating struct {
				List []struct{ Label, Definition string }
			}
		}
		if err := json.Unmarshal([]byte(readProject(t, "dashboards", file)), &board); err != nil {
			t.Fatal(err)
		}
		for _, outer := range board.Panels {
			for _, p := range append(outer.Panels, outer.panel) {
				for _, target := range p.Targets {
					usedIn(by, target.Expr, fmt.Sprintf("%q", p.Title))
				}
			}
		}
		for _, a := range board.Annotations.List {
			usedIn(by, a.Expr, fmt.Sprintf("%q", a.Name))
		}
	}
	return by
}

func readProject(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEverySeriesIsAskedFor: no family is there for nothing.
func TestEverySeriesIsAskedFor(t *testing.T) {
	t.Parallel()
	by := asked(t)
	for name, needs := range by {
		if needs == "" {
			t.Errorf("%s: no alert and no panel needs it, and questions knows nothing that it answers", name)
		}
	}
	for name := range questions() {
		if _, known := by[name]; !known {
			t.Errorf("%s answers a question, and does not exist", name)
		}
	}
}

// TestAlwaysShown: the checks that alerts name are those that are always there.
func TestAlwaysShown(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, m := range regexp.MustCompile(`check_status\{check="(\w+)"`).FindAllStringSubmatch(readProject(t, "alerts", "redis_sentinel.rules.yml"), -1) {
		want[m[1]] = true
	}
	if got := namedChecks(); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Errorf("%v, and alerts name %v", got, want)
	}
}

// TestScaleTable: docs/scale.md says what each family costs, and for whom.
func TestScaleTable(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- series: `make docs` writes this table -->\n", "<!-- series: end -->\n"
	path := filepath.Join("..", "docs", "scale.md")
	text := readProject(t, "docs", "scale.md")
	before, rest, found := strings.Cut(text, begin)
	old, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatal("scale.md has no place for the table")
	}
	table := scaleTable(t)
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+table+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != table {
		t.Errorf("the table in scale.md is not that of the tables: make docs writes it again. It should be\n%s", table)
	}
}

func scaleTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| family | deployment | Sentinel | master | master and Sentinel | three Sentinels | needed by |\n|---|---:|---:|---:|---:|---:|---|\n")
	costs, three, needs := prices(t), seriesOf(t, 3, 1, true), asked(t)
	total := 0
	for _, d := range descriptions(tables(Options{Replicas: true, Peers: true, Events: true})) {
		p, name := costs[d.name], strings.TrimPrefix(d.name, prefix)
		total += three[d.name]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", name, orNone(p.deployment), orNone(p.sentinel), orNone(p.master), orNone(p.both), orNone(three[d.name]), needs[name])
	}
	fmt.Fprintf(&b, "| all | | | | | %d | |\n", total)
	return b.String()
}

func orNone(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
