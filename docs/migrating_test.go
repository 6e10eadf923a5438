package docs_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestMigratingNamesExist: the metrics that docs/migrating.md leads to are there.
func TestMigratingNamesExist(t *testing.T) {
	t.Parallel()
	metrics := page(t, project(), "docs/metrics.md")
	names := 0
	for line := range strings.Lines(page(t, project(), "docs/migrating.md")) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 || strings.Contains(line, "`-") || strings.HasPrefix(strings.TrimSpace(cells[2]), "none") {
			continue // flags, or what has no successor
		}
		here := cells[2]
		if strings.HasPrefix(strings.TrimSpace(here), "the same") {
			here = cells[1]
		}
		for _, name := range regexp.MustCompile("`([a-z]+(?:_[a-z]+)*)`").FindAllStringSubmatch(here, -1) {
			switch name[1] {
			case "master_name", "name", "address", "product", "sentinel_id", "build_id", "mode", "master_address":
				continue // labels
			}
			names++
			if !strings.Contains(metrics, "| `redis_sentinel_"+name[1]+"` |") {
				t.Errorf("there is no redis_sentinel_%s", name[1])
			}
		}
	}
	if names < 30 {
		t.Errorf("found only %d names", names)
	}
}
