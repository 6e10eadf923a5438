package alerts_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

const alertmanagerFile = "../deploy/alertmanager.yml"

// TestInhibitions: they name alerts that exist, and the one that speaks fires no
// later than the one that it silences, whose notification would else be out.
func TestInhibitions(t *testing.T) {
	t.Parallel()
	var file struct {
		Inhibit []struct {
			Source []string `yaml:"source_matchers"`
			Target []string `yaml:"target_matchers"`
			Equal  []string
		} `yaml:"inhibit_rules"`
		Route, Receivers any
	}
	readYAML(t, alertmanagerFile, &file)
	alerts := map[string]rule{}
	for _, a := range readAlerts(t) {
		alerts[a.Alert] = a
	}
	for _, i := range file.Inhibit {
		for _, source := range named(t, alerts, i.Source) {
			for _, target := range named(t, alerts, i.Target) {
				if wait(t, source) > wait(t, target) {
					t.Errorf("%s silences %s, but fires after it", source.Alert, target.Alert)
				}
				if source.Labels["severity"] == "warning" && target.Labels["severity"] == "critical" {
					t.Errorf("%s, a warning, silences the page %s", source.Alert, target.Alert)
				}
			}
		}
	}
}

// named returns the alerts that a matcher of alertname takes.
func named(t *testing.T, alerts map[string]rule, matchers []string) []rule {
	t.Helper()
	if len(matchers) != 1 {
		t.Fatalf("want one matcher, got %q", matchers)
	}
	pattern := regexp.MustCompile(`^alertname=~?"([A-Za-z]+)(?:\(([A-Za-z|]+)\))?"$`).FindStringSubmatch(matchers[0])
	if pattern == nil {
		t.Fatalf("%q is no matcher of alerts by name", matchers[0])
	}
	var list []rule
	for suffix := range strings.SplitSeq(pattern[2], "|") {
		a, ok := alerts[pattern[1]+suffix]
		if !ok {
			t.Errorf("there is no alert %s", pattern[1]+suffix)
		}
		list = append(list, a)
	}
	return list
}

func wait(t *testing.T, a rule) time.Duration {
	t.Helper()
	if a.For == "" {
		return 0
	}
	d, err := time.ParseDuration(a.For)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
