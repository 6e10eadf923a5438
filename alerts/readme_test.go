package alerts_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of the alerts in README.md again")

// TestAlertTable: README.md lists the alerts as they are.
func TestAlertTable(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- alerts: `make docs` writes this table -->\n", "<!-- alerts: end -->\n"
	text := readFile(t, "README.md")
	before, rest, found := strings.Cut(text, begin)
	old, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatal("README.md has no place for the table")
	}
	table := alertTable(readAlerts(t))
	if *update {
		if err := os.WriteFile("README.md", []byte(before+begin+table+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != table {
		t.Errorf("the table in README.md is not that of the rules: make docs writes it again. It should be\n%s", table)
	}
}

// alertTable lists the alerts, the most urgent first, and otherwise in the order of the
// rules.
func alertTable(alerts []rule) string {
	var b strings.Builder
	b.WriteString("| alert | severity | for | |\n|---|---|---|---|\n")
	severities := []string{"critical", "warning", "info", "none"}
	slices.SortStableFunc(alerts, func(a, b rule) int {
		return slices.Index(severities, a.Labels["severity"]) - slices.Index(severities, b.Labels["severity"])
	})
	for _, a := range alerts {
		fmt.Fprintf(&b, "| [%s](runbooks/%s.md) | %s | %s | %s |\n", a.Alert, a.Alert, a.Labels["severity"], cmp.Or(a.For, "at once"), a.Annotations["summary"])
	}
	return b.String()
}

// TestNeeds: README.md says which alerts do not fire without the metrics that can be
// switched off.
func TestNeeds(t *testing.T) {
	t.Parallel()
	text := readFile(t, "README.md")
	for without, metric := range map[string]string{
		"| `--no-collector.replicas` | ":         `\bredis_sentinel_replica_`,
		"| `--no-collector.peers` | ":            `\bredis_sentinel_peer_`,
		"| `--no-collector.events`, `/probe` | ": `\bredis_sentinel_event|check="(master_reset_again|replica_told_again)"`,
	} {
		var want []string
		for _, a := range readAlerts(t) {
			if regexp.MustCompile(metric).MatchString(a.Expr) {
				want = append(want, strings.TrimPrefix(a.Alert, "RedisSentinel"))
			}
		}
		_, row, _ := strings.Cut(text, without)
		row, _, _ = strings.Cut(row, " |\n")
		row = regexp.MustCompile(` \([^)]*\)`).ReplaceAllString(row, "") // what is said of one of them
		if got := strings.Split(row, ", "); !slices.Equal(got, want) {
			t.Errorf("%s: README.md has %q, the rules have %q", without, got, want)
		}
	}
}
