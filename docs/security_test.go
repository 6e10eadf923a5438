package docs_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// testNames returns the names of all tests, benchmarks and fuzz tests of the project.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`)
	err := fs.WalkDir(project(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, match := range declared.FindAllStringSubmatch(page(t, project(), path), -1) {
			names[match[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestNamedTestsExist: what the pages name as the proof of a statement is there, and each
// statement about a bound on what a bad client or Sentinel can do names one.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	names := testNames(t)
	named := regexp.MustCompile("`((?:Test|Benchmark|Fuzz)[A-Z]\\w*)`")
	for _, file := range []string{"docs/security.md", "docs/reliability.md"} {
		for _, match := range named.FindAllStringSubmatch(page(t, project(), file), -1) {
			if !names[match[1]] {
				t.Errorf("%s: there is no %s", file, match[1])
			}
		}
	}
	promises, _, found := strings.Cut(page(t, project(), "docs/security.md"), "\n## How to lock it down\n")
	if !found {
		t.Fatal("there is no advice after the promises")
	}
	for statement := range strings.SplitSeq(strings.ReplaceAll(promises, "\n* ", "\n\n* "), "\n\n") {
		if strings.ContainsAny(statement, "0123456789") && !named.MatchString(statement) {
			t.Errorf("no test is named for: %s", statement)
		}
	}
}
