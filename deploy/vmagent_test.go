package deploy_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v2"
)

// TestVmagent: vmagent scrapes what Prometheus does, with nothing in its file that it
// would refuse to start with.
func TestVmagent(t *testing.T) {
	t.Parallel()
	read := func(name string) map[string]any {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file map[string]any
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		return file
	}
	want, got := read("prometheus.yml"), read("vmagent.yml")
	for _, unknown := range []string{"rule_files", "alerting"} {
		delete(want, unknown)
	}
	without(want, "evaluation_interval", "refresh_interval")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("vmagent.yml is not prometheus.yml without what vmagent does not know (-want +got):\n%s", diff)
	}
}

// without removes keys from a tree.
func without(tree any, keys ...string) {
	switch node := tree.(type) {
	case map[string]any:
		for _, key := range keys {
			delete(node, key)
		}
		for _, child := range node {
			without(child, keys...)
		}
	case map[any]any:
		for _, key := range keys {
			delete(node, key)
		}
		for _, child := range node {
			without(child, keys...)
		}
	case []any:
		for _, child := range node {
			without(child, keys...)
		}
	}
}
