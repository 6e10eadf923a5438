package alerts_test

import (
	"os"
	"path/filepath"
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
