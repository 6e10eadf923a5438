package alerts_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"redis_sentinel_exporter/alerts"
)

// templateFile has the rules with marks where a Config changes them, for the Helm chart, which puts
// values there.
const templateFile = "rules.template.json"

// A templateRule is a rule whose texts have marks, with the threshold that it has.
type templateRule struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for,omitempty"`
	KeepFiring  string            `json:"keep_firing_for,omitempty"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Threshold   string            `json:"threshold,omitempty"`
}

// template lets [alerts.Rules] write the marks, so that they stand where it writes values.
func template(t *testing.T) []byte {
	t.Helper()
	const number = "4242.4242" // what a threshold must be
	marks := alerts.Config{
		Jobs: "@JOBS@", Selector: `AT_SELECTOR="@"`, GroupLabels: []string{"AT_LABEL"},
		RunbookURL: "https://runbooks.invalid", DashboardURL: "https://dashboards.invalid", ExporterURL: "https://exporter.invalid", Threshold: map[string]string{},
	}
	thresholds := map[string]string{}
	alert := ""
	for line := range strings.Lines(readFile(t, rulesFile)) {
		if m := regexp.MustCompile(`^ *- alert: (.*)`).FindStringSubmatch(line); m != nil {
			alert = m[1]
		} else if m := regexp.MustCompile(`^ *# threshold: (.*)`).FindStringSubmatch(line); m != nil {
			thresholds[alert], marks.Threshold[alert] = m[1], number
		}
	}
	text, err := alerts.Rules(marks)
	if err != nil {
		t.Fatal(err)
	}
	text = strings.NewReplacer(
		`AT_SELECTOR="@"`, "@SELECTOR@", `AT_SELECTOR=\"@\"`, "@SELECTOR@", "AT_LABEL", "@LABEL@", number, "@THRESHOLD@",
		marks.RunbookURL, "@RUNBOOKS@", marks.DashboardURL, "@DASHBOARDS@", marks.ExporterURL, "@EXPORTER@",
	).Replace(text)
	path := t.TempDir() + "/rules.yml"
	// As it is no address now, YAML needs quotes around it.
	writeFile(t, path, regexp.MustCompile(`(?m)(_url: )(@.*)$`).ReplaceAllString(text, `$1"$2"`))
	var rules []templateRule
	for _, r := range readRules(t, path) {
		rules = append(rules, templateRule{
			Alert: r.Alert, Expr: r.Expr, For: r.For, KeepFiring: r.KeepFiring, Labels: r.Labels, Annotations: r.Annotations, Threshold: thresholds[r.Alert],
		})
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(rules); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestTemplate: the committed template is what the rules are now.
func TestTemplate(t *testing.T) {
	t.Parallel()
	want := string(template(t))
	if *update {
		writeFile(t, templateFile, want)
	}
	if readFile(t, templateFile) != want {
		t.Errorf("%s is not what %s says: run make docs", templateFile, rulesFile)
	}
}
