//go:build !race

// It builds several packages anew, beside make test for minutes: .ci/run runs it after.

package docs_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An example is one of docs/contributing.md: what it writes where, and the tests of
// a package that then say what is missing.
type example struct {
	heading string
	edits   []edit
	module  string
	pkg     string
	missing []string
}

// An edit puts the next code of the page before some text of a file; at its end
// where there is none.
type edit struct{ file, before string }

func examples() []example {
	return []example{
		{
			"Add a metric",
			[]edit{
				{"sentinel/info.go", "\tMaxClients          Number"},
				{"sentinel/info.go", "\tcase \"maxclients\":"},
				{"collector/sentinelmetrics.go", "\t\t\t{\n\t\t\t\tname:  \"scrape_duration_seconds\""},
			},
			".", "./collector", []string{"TestAllMetricsOfTheDesign", "TestEveryMetric", "TestEverySeriesIsAskedFor", "TestDocs", "TestScaleTable"},
		},
		{
			"Add a check",
			[]edit{{"health/table.go", "\t\ton(\"quorum_misconfigured\""}, {"health/replicachecks.go", ""}},
			".", "./health", []string{"TestEveryCheckHasACase", "TestEveryCheckIsProvoked", "TestEveryCheckIsSeen", "TestDocs"},
		},
		{
			"Add an alert",
			[]edit{{"alerts/redis_sentinel.rules.yml", "      - alert: RedisSentinelQuorumMisconfigured\n"}},
			".", "./alerts", []string{"TestRunbooks", "TestCases", "TestEveryAlertIsProvoked", "TestAlertTable"},
		},
		{"Add an alert", nil, "dashboards/generate", ".", []string{"TestThresholds"}},
		{"Add an alert", nil, "deploy/kubernetes/verify", ".", []string{"TestPrometheusRule"}},
	}
}

// TestContributingExamples follows docs/contributing.md to the letter in a copy of
// the project: its code compiles where the page puts it, and each test that the page
// names says that something is missing.
func TestContributingExamples(t *testing.T) {
	t.Parallel()
	page := page(t, project(), "docs/contributing.md")
	project := copyProject(t)
	code := map[string][]string{}
	for section := range strings.SplitSeq(page, "\n## ") {
		heading, _, _ := strings.Cut(section, "\n")
		code[heading] = pieces(section)
	}
	for _, e := range examples() {
		if e.edits != nil && len(code[e.heading]) != len(e.edits) {
			t.Fatalf("%s: the page has %d pieces of code, and %d are tried", e.heading, len(code[e.heading]), len(e.edits))
		}
		for i, edit := range e.edits {
			edit.make(t, project, code[e.heading][i])
		}
	}
	for _, e := range examples() {
		t.Run(e.heading+" "+e.module, func(t *testing.T) {
			for _, test := range e.missing {
				if !strings.Contains(page, "`"+test+"`") {
					t.Errorf("the page does not name %s", test)
				}
			}
			// make test has built for the race detector what this needs.
			run := exec.CommandContext(t.Context(), "go", "test", "-race", "-run", "^("+strings.Join(e.missing, "|")+")$", e.pkg)
			run.Dir, run.Env = filepath.Join(project, e.module), append(os.Environ(), "CGO_ENABLED=1")
			out, _ := run.CombinedOutput() // it is to fail
			var failed []string
			for _, m := range regexp.MustCompile(`(?m)^--- FAIL: (\w+)`).FindAllStringSubmatch(string(out), -1) {
				failed = append(failed, m[1])
			}
			slices.Sort(failed)
			if diff := cmp.Diff(slices.Sorted(slices.Values(e.missing)), failed); diff != "" {
				t.Errorf("the tests that fail (-want +got):\n%s\n%s", diff, out)
			}
		})
	}
}

// pieces returns the Go and the YAML of a page, one piece after the other, without
// the indentation of the list that they are in.
func pieces(text string) []string {
	var code []string
	for _, m := range regexp.MustCompile("(?ms)^( *)```(?:go|yaml)\n(.*?)^ *```$").FindAllStringSubmatch(text, -1) {
		code = append(code, regexp.MustCompile("(?m)^"+m[1]).ReplaceAllString(m[2], ""))
	}
	return code
}

// make makes the edit, with the indentation of the text that comes after it.
func (e edit) make(t *testing.T, project, code string) {
	t.Helper()
	path := filepath.Join(project, e.file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if e.before == "" {
		text = append(append(text, '\n'), code...)
	} else {
		if strings.Count(string(text), e.before) != 1 {
			t.Fatalf("%s has not one place for the code", e.file)
		}
		indent := e.before[:len(e.before)-len(strings.TrimLeft(e.before, " \t"))]
		code = regexp.MustCompile(`(?m)^.`).ReplaceAllString(code, indent+"$0")
		text = []byte(strings.Replace(string(text), e.before, code+e.before, 1))
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// copyProject copies the sources of the project.
func copyProject(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	from := project()
	err := fs.WalkDir(from, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == ".git" || path == ".bin" || path == "dist" || entry.Name() == "node_modules"):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, path), 0o700)
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, path), text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}
