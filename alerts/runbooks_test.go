package alerts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRunbooks: each alert has one, with all that it must say; and there is none
// for an alert that does not exist.
func TestRunbooks(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, a := range readAlerts(t) {
		names[a.Alert+".md"] = true
		text := readFile(t, filepath.Join("runbooks", a.Alert+".md"))
		if missing := missingHeadings(text, a.Alert); len(missing) > 0 {
			t.Errorf("the runbook of %s has no text under %q", a.Alert, missing)
		}
		for _, problem := range runbookProblems(a, text) {
			t.Errorf("the runbook of %s %s", a.Alert, problem)
		}
	}
	files, err := os.ReadDir("runbooks")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !names[f.Name()] {
			t.Errorf("runbooks/%s belongs to no alert", f.Name())
		}
	}
}

// notAboutSentinels are the alerts whose first step is not to look at the Sentinels.
func notAboutSentinels() []string {
	return []string{"RedisSentinelWatchdog", "RedisSentinelConfigRefused"}
}

// runbookProblems says what somebody would miss who has just been woken up.
func runbookProblems(a rule, text string) []string {
	severity := map[string]string{
		"critical": "critical (pages)", "warning": "warning (can wait until morning)",
		"info": "info (for your information)", "none": "none (always fires)",
	}[a.Labels["severity"]]
	var list []string
	if !strings.HasPrefix(text, "# "+a.Alert+"\n\nSeverity: "+severity+".\n") {
		list = append(list, "does not begin with its severity, "+severity)
	}
	_, diagnosis, _ := strings.Cut(text, "## Diagnosis")
	how, commands, _ := strings.Cut(diagnosis, "```\n")
	if !slices.Contains(notAboutSentinels(), a.Alert) {
		if !strings.HasPrefix(commands, "redis_sentinel_exporter check ") {
			list = append(list, "does not begin its diagnosis with the command check")
		}
		if !strings.Contains(how, "../README.md#passwords-and-tls") {
			list = append(list, "does not say how to connect with passwords and TLS")
		}
	}
	// On one Sentinel after the other, without a look before and after it, these do
	// harm: there are commands for them.
	if raw := regexp.MustCompile(`SENTINEL (RESET|SET|REMOVE|MONITOR|FAILOVER)\b`).FindString(text); raw != "" {
		list = append(list, "has "+raw+", for which there is a command that looks first")
	}
	return list
}

func TestRunbookProblems(t *testing.T) {
	t.Parallel()
	a := rule{Alert: "A", Labels: map[string]string{"severity": "critical"}}
	good := "# A\n\nSeverity: critical (pages).\n\n## Diagnosis\n\n[how](../README.md#passwords-and-tls)\n\n```\nredis_sentinel_exporter check NAME\n```\n"
	for name, tc := range map[string]struct{ old, spoiled string }{
		"nothing":  {"", ""},
		"severity": {"critical (pages)", "warning (can wait until morning)"},
		"check":    {"redis_sentinel_exporter check", "redis-cli"},
		"password": {"#passwords-and-tls", ""},
		"raw":      {"check NAME", "check NAME\nredis-cli SENTINEL RESET NAME"},
	} {
		want := 1
		if name == "nothing" {
			want = 0
		}
		if got := runbookProblems(a, strings.Replace(good, tc.old, tc.spoiled, 1)); len(got) != want {
			t.Errorf("%s: got %q, want %d", name, got, want)
		}
	}
}

// missingHeadings lists the headings that are not there or have nothing below.
func missingHeadings(text, alert string) []string {
	body := map[string]string{}
	heading := ""
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			heading = strings.TrimSpace(line)
			body[heading] = ""
			if strings.HasPrefix(line, "# ") {
				body[heading] = "a title needs none"
			}
			continue
		}
		body[heading] += strings.TrimSpace(line)
	}
	var missing []string
	for _, want := range []string{"# " + alert, "## Meaning", "## Impact", "## Diagnosis", "## Mitigation", "## Over when"} {
		if body[want] == "" {
			missing = append(missing, want)
		}
	}
	return missing
}
