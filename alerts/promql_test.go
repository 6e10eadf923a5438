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
// (docs/metrics.md, which a test of the collector keeps true), that Prometheus
// adds, or that they record themselves.
func TestMetricsExist(t *testing.T) {
	t.Parallel()
	metrics := exposed(t)
	metrics["up"] = []string{"job", "instance"}
	metrics["job:redis_sentinel_up:sum"] = []string{"job"}
	metrics["job:redis_sentinel_known:count"] = []string{"job"}
	for _, file := range []string{rulesFile, compatFile} {
		for _, r := range readRules(t, file) {
			if err := uses(r.Expr, metrics); err != nil {
				t.Errorf("%s: %s%s: %v", file, r.Alert, r.Record, err)
			}
		}
	}
}

// exposed returns the labels of every metric of the exporter.
func exposed(t *testing.T) map[string][]string {
	t.Helper()
	line := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [a-z]+ \\| ([^|]*) \\|")
	metrics := map[string][]string{}
	for _, m := range line.FindAllStringSubmatch(readFile(t, "../docs/metrics.md"), -1) {
		labels := []string{"job", "instance"}
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
	tokens := regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[0-9][0-9a-z.]*|[A-Za-z_:][A-Za-z0-9_:]*|=~|!~|!=|.`).FindAllString(strings.Join(strings.Fields(expr), " "), -1)
	tokens = slices.DeleteFunc(tokens, func(s string) bool { return s == " " })
	known := map[string]bool{} // labels of the metrics of this expression
	var grouped, args []string // labels in by (...) and the like; string arguments
	var errs []error
	for i := 0; i < len(tokens); i++ {
		word, next := tokens[i], ""
		if i+1 < len(tokens) {
			next = tokens[i+1]
		}
		switch {
		case word[0] == '"':
			args = append(args, word[1:len(word)-1])
		case !regexp.MustCompile(`^[A-Za-z_]`).MatchString(word):
		case slices.Contains([]string{"by", "on", "group_left"}, word):
			for i += 2; i < len(tokens) && tokens[i] != ")"; i++ {
				if tokens[i] != "," {
					grouped = append(grouped, tokens[i])
				}
			}
		case next == "(" || slices.Contains([]string{"and", "or", "unless", "sum", "count", "min", "max"}, word):
		default:
			labels, ok := metrics[word]
			if !ok {
				errs = append(errs, fmt.Errorf("there is no metric %s", word))
			}
			for _, l := range labels {
				known[l] = true
			}
			if next == "{" {
				for i += 2; i < len(tokens) && tokens[i] != "}"; i++ {
					if regexp.MustCompile(`^[a-z_]`).MatchString(tokens[i]) && !slices.Contains(labels, tokens[i]) {
						errs = append(errs, fmt.Errorf("%s has no label %s", word, tokens[i]))
					}
				}
			}
		}
	}
	for i := 0; i+3 < len(args); i += 4 { // label_replace(expr, label, value, source, regexp)
		if source := args[i+2]; source != "" && !known[source] {
			errs = append(errs, fmt.Errorf("no metric here has the label %s", source))
		}
		known[args[i]] = true
	}
	for _, l := range grouped {
		if !known[l] {
			errs = append(errs, fmt.Errorf("no metric here has the label %s", l))
		}
	}
	return errors.Join(errs...)
}

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
