package alerts_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMetricsExist: the rules use only metrics and labels that the exporter has
// (docs/metrics.md, which a test of the collector keeps true) or that Prometheus and the
// discovery of targets add.
func TestMetricsExist(t *testing.T) {
	t.Parallel()
	metrics := exposed(t)
	metrics["up"] = ofTargets()
	metrics["redis_sentinel_exporter_config_last_reload_successful"] = ofTargets() // the exporter's own are not in that file
	for _, file := range []string{rulesFile, compatFile} {
		for _, r := range readRules(t, file) {
			if err := uses(r.Expr, metrics); err != nil {
				t.Errorf("%s: %s%s: %v", file, r.Alert, r.Record, err)
			}
		}
	}
}

// ofTargets are the labels of all that is scraped.
func ofTargets() []string { return []string{"job", "deployment", "instance"} }

// exposed returns the labels of every metric of the exporter.
func exposed(t *testing.T) map[string][]string {
	t.Helper()
	line := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [a-z]+ \\| ([^|]*) \\|")
	metrics := map[string][]string{}
	for _, m := range line.FindAllStringSubmatch(readFile(t, "../docs/metrics.md"), -1) {
		labels := ofTargets()
		for _, l := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(m[2], -1) {
			labels = append(labels, l[1])
		}
		metrics[m[1]] = labels
	}
	if len(metrics) < 50 {
		t.Fatalf("docs/metrics.md has only %d metrics: it is not read rightly", len(metrics))
	}
	return metrics
}

// uses checks the names in an expression. It is no parser: promtool is one. It
// only has to tell metrics from labels, and to refuse what it does not know.
func uses(expr string, metrics map[string][]string) error {
	u := usage{tokens: tokens(expr), metrics: metrics, known: map[string]bool{}}
	for u.at < len(u.tokens) {
		u.word()
	}
	// label_replace(expr, label, value, source, regexp) alone has strings outside of
	// matchers.
	for call := range slices.Chunk(u.strings, 4) {
		if len(call) == 4 && call[2] != "" {
			u.groups = append(u.groups, call[2])
		}
		u.known[call[0]] = true
	}
	for _, l := range u.groups {
		if !u.known[l] {
			u.errs = append(u.errs, fmt.Errorf("no metric here has the label %s", l))
		}
	}
	return errors.Join(u.errs...)
}

// tokens splits an expression.
func tokens(expr string) []string {
	token := regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[0-9][0-9a-z.]*|[A-Za-z_:][A-Za-z0-9_:]*|[^ ]`)
	return token.FindAllString(strings.Join(strings.Fields(expr), " "), -1)
}

// A usage is what an expression uses, as far as it is read.
type usage struct {
	tokens  []string
	at      int
	metrics map[string][]string
	known   map[string]bool // labels of the metrics so far
	groups  []string        // labels in by (...) and the like
	strings []string
	errs    []error
}

// word reads on from the next word.
func (u *usage) word() {
	word, next := u.tokens[u.at], ""
	u.at++
	if u.at < len(u.tokens) {
		next = u.tokens[u.at]
	}
	switch {
	case word[0] == '"':
		u.strings = append(u.strings, word[1:len(word)-1])
	case !isName(word):
	case slices.Contains([]string{"by", "on", "group_left"}, word):
		u.groups = append(u.groups, u.names(")")...)
	case next == "(" || slices.Contains([]string{"and", "or", "unless", "sum", "count", "group", "min", "max", "offset"}, word):
	default:
		u.metric(word, next == "{")
	}
}

func (u *usage) metric(name string, matchers bool) {
	labels, ok := u.metrics[name]
	if !ok {
		u.errs = append(u.errs, fmt.Errorf("there is no metric %s", name))
	}
	for _, l := range labels {
		u.known[l] = true
	}
	if !matchers {
		return
	}
	for _, l := range u.names("}") {
		if !slices.Contains(labels, l) {
			u.errs = append(u.errs, fmt.Errorf("%s has no label %s", name, l))
		}
	}
}

// names returns the names up to a closing bracket.
func (u *usage) names(end string) []string {
	var list []string
	for ; u.at < len(u.tokens) && u.tokens[u.at] != end; u.at++ {
		if isName(u.tokens[u.at]) {
			list = append(list, u.tokens[u.at])
		}
	}
	return list
}

func isName(token string) bool { return regexp.MustCompile(`^[A-Za-z_]`).MatchString(token) }

func TestUses(t *testing.T) {
	t.Parallel()
	metrics := map[string][]string{"a": {"job", "x"}, "b": {"job", "y"}}
	for _, tc := range []struct{ expr, want string }{
		{`sum by (job, x) (last_over_time(a[2m])) > 0.9`, ""},
		{`a{x="1", job!~"c{}"} and on (job) b{y=~"d"} == 1`, ""},
		{`count by (z) (label_replace(a, "z", "$1", "x", "(.+)"))`, ""},
		{`c > 0`, "there is no metric c"},
		{`rate(c[5m])`, "there is no metric c"},
		{`a{y="1"}`, "a has no label y"},
		{`sum by (y) (a)`, "no metric here has the label y"},
		{`a * on (job) group_left (w) b`, "no metric here has the label w"},
		{`label_replace(a, "z", "$1", "w", "(.+)")`, "no metric here has the label w"},
		{`quantile without (x) (a)`, "there is no metric quantile"},
	} {
		got := ""
		if err := uses(tc.expr, metrics); err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, tc.want) || (got == "") != (tc.want == "") {
			t.Errorf("%s: got %q, want %q", tc.expr, got, tc.want)
		}
	}
}
