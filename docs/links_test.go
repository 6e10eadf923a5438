package docs_test

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/health"
)

// TestLinksLeadSomewhere: every link of every page to a file of the project, or to
// a heading in one, finds it.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	project := project()
	pages := 0
	err := fs.WalkDir(project, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == ".bin" || entry.Name() == "node_modules" || file == "dist"):
			return fs.SkipDir
		case path.Ext(file) != ".md":
			return nil
		}
		pages++
		for _, broken := range brokenLinks(t, project, file) {
			t.Error(broken)
		}
		return nil
	})
	if err != nil || pages < 10 {
		t.Errorf("looked at %d pages: %v", pages, err)
	}
	for _, check := range health.Checks() {
		file, anchor, _ := strings.Cut(check.Runbook(), "#")
		if !slices.Contains(anchors(page(t, project, file)), anchor) {
			t.Errorf("the check's runbook %s does not exist", check.Runbook())
		}
	}
}

func TestBrokenLinks(t *testing.T) {
	t.Parallel()
	project := fstest.MapFS{
		"README.md": {Data: []byte("# One\n[a](docs/x.md) [b](docs/x.md#two-words) [b](docs/x.md#two-words-) [c](#one) [d](https://example.com) `[e](code)`\n" +
			"```text\n[f](code)\n# no heading\n```\n[g](gone.md) [h](docs/x.md#gone) [i](#no-heading) <img src=\"gone.png\">\n")},
		"docs/x.md": {Data: []byte("## Two `words`!?\n## Again_1\n## Again_1\n[a](../README.md#one) [b](#again_1-1) [c](README.md)\n[d](../../outside.md)\n")},
	}
	for file, want := range map[string][]string{
		"README.md": {
			"README.md: docs/x.md#two-words-: no such heading",
			"README.md: gone.md: no such file", "README.md: docs/x.md#gone: no such heading",
			"README.md: #no-heading: no such heading", "README.md: gone.png: no such file",
		},
		"docs/x.md": {"docs/x.md: README.md: no such file", "docs/x.md: ../../outside.md: no such file"},
	} {
		if diff := cmp.Diff(want, brokenLinks(t, project, file)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// brokenLinks says which links of a page lead nowhere. What is code is no link,
// and what leads out of the project is not followed.
func brokenLinks(t *testing.T, project fs.FS, file string) []string {
	t.Helper()
	prose := regexp.MustCompile("`[^`\n]+`").ReplaceAllString(withoutCode(page(t, project, file)), "")
	var broken []string
	for _, link := range regexp.MustCompile(`(?:\]\(|(?:src|href)=")([^)" ]+)[)"]`).FindAllStringSubmatch(prose, -1) {
		if strings.Contains(link[1], "://") {
			continue
		}
		target, anchor, anchored := strings.Cut(link[1], "#")
		if target == "" {
			target = file
		} else {
			target = path.Join(path.Dir(file), target)
		}
		if _, err := fs.Stat(project, target); err != nil {
			broken = append(broken, file+": "+link[1]+": no such file")
		} else if anchored && !slices.Contains(anchors(page(t, project, target)), anchor) {
			broken = append(broken, file+": "+link[1]+": no such heading")
		}
	}
	return broken
}
