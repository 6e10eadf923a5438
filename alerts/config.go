package alerts

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
)

// A Config says in what the rules differ from the committed ones, which are those of the
// zero Config. Alerts are given by their full names.
type Config struct {
	Jobs         string   // regular expression that the jobs of all exporters match
	Selector     string   // matchers that every metric gets: cluster="a", team!="x"
	GroupLabels  []string // labels of targets that tell deployments apart, besides job and deployment
	RunbookURL   string   // what the names of the runbooks are added to, without the last slash
	DashboardURL string   // of Grafana, without the last slash
	ExporterURL  string   // where people reach the pages of the exporter, without the last slash
	Without      []string // alerts to leave out
	For          map[string]string
	Severity     map[string]string
	Threshold    map[string]string
}

// What stands in the committed rules.
const (
	jobs         = "redis[_-]sentinel.*"
	runbookURL   = "https://runbooks.example.com"
	dashboardURL = "https://grafana.example.com"
	exporterURL  = "https://exporter.example.com"
)

// check returns the first thing in it that would make rules which Prometheus refuses, or
// which are not about what was meant.
func (c Config) check(alerts []string) error {
	for _, url := range []string{c.RunbookURL, c.DashboardURL, c.ExporterURL} {
		if url != "" && !regexp.MustCompile(`^https?://[^\s"'\\{}#]+[^\s"'\\{}#/]$`).MatchString(url) {
			return fmt.Errorf("%q is not a URL such as https://example.com/runbooks", url)
		}
	}
	if _, err := regexp.Compile(c.Jobs); err != nil || strings.Contains(c.Jobs, "{{") {
		return fmt.Errorf("the jobs %q are not a regular expression", c.Jobs)
	}
	for i, l := range c.GroupLabels {
		if !regexp.MustCompile(`^` + labelName + `$`).MatchString(l) {
			return fmt.Errorf("%q is not the name of a label", l)
		}
		if slices.Contains([]string{"job", "deployment", "instance", "alertname", "severity"}, l) || slices.Contains(exported(), l) {
			return fmt.Errorf("the label %s cannot tell deployments apart: the rules use it already", l)
		}
		if slices.Contains(c.GroupLabels[:i], l) {
			return fmt.Errorf("the label %s is given twice", l)
		}
	}
	for _, name := range slices.Concat(c.Without, slices.Collect(maps.Keys(c.For)), slices.Collect(maps.Keys(c.Severity)), slices.Collect(maps.Keys(c.Threshold))) {
		if !slices.Contains(alerts, name) {
			return fmt.Errorf("there is no alert %q", name)
		}
	}
	for name, d := range c.For {
		if _, err := model.ParseDuration(d); err != nil {
			return fmt.Errorf("%s: %q is not a duration such as 5m", name, d)
		}
	}
	for name, v := range c.Severity {
		if !regexp.MustCompile(`^[a-z0-9_-]+$`).MatchString(v) {
			return fmt.Errorf("%s: %q is not a severity such as warning", name, v)
		}
	}
	for name, v := range c.Threshold {
		if !regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`).MatchString(v) { // neither NaN nor hexadecimal
			return fmt.Errorf("%s: the threshold %q is not a number", name, v)
		}
	}
	return nil
}

const labelName = `[a-zA-Z_][a-zA-Z0-9_]*`

// exported are the labels that the exporter itself gives.
func exported() []string { return []string{"master_name", "sentinel", "replica", "peer", "check"} }

// matchers returns the selector as it is written into each metric: its matchers in
// PromQL's plainest form.
func (c Config) matchers() (string, error) {
	matcher := regexp.MustCompile(`^\s*(` + labelName + `)\s*(=~|!~|!=|=)\s*("(?:[^"\\\n]|\\.)*")\s*`)
	var list []string
	for rest := strings.TrimSpace(c.Selector); rest != ""; {
		m := matcher.FindStringSubmatch(rest)
		if m == nil {
			return "", fmt.Errorf(`the selector is not a list of matchers such as cluster="a", team=~"b|c", from %q on`, rest)
		}
		value, err := strconv.Unquote(m[3])
		if err != nil || strings.Contains(value, "{{") {
			return "", fmt.Errorf("the selector has %s, which is no value", m[3])
		}
		if _, err := regexp.Compile(value); err != nil && strings.HasSuffix(m[2], "~") {
			return "", fmt.Errorf("the selector has %s, which is no regular expression", m[3])
		}
		list = append(list, m[1]+m[2]+strconv.Quote(value))
		rest = rest[len(m[0]):]
		if rest == "" {
			break
		}
		if rest[0] != ',' {
			return "", fmt.Errorf("the selector has no comma before %q", rest)
		}
		rest = strings.TrimSpace(rest[1:])
	}
	return strings.Join(list, ", "), nil
}
