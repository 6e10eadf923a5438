package probe

import (
	"strings"
	"testing"

	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// strictModule is a module as yaml's own strict mode reads it.
type strictModule struct {
	Timeout    model.Duration    `yaml:"timeout"`
	TLS        *config.TLSConfig `yaml:"tls_config"`
	Collectors strictCollectors  `yaml:"collectors"`
}

// strictCollectors read themselves, in order to have defaults.
type strictCollectors Collectors

func (c *strictCollectors) UnmarshalYAML(node *yaml.Node) error {
	type plain strictCollectors
	*c = strictCollectors{Replicas: true, Peers: true}
	return node.Decode((*plain)(c))
}

// TestStrictModeOfYAML holds what decode.go is for. Where a new version of yaml
// passes a case, that reason is gone.
func TestStrictModeOfYAML(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		want       string // its error; none when empty
	}{
		{"no line", "timeout: soon", `not a valid duration string: "soon"`},
		{"no line", "tls_config:\n  min_version: TLS9", "unknown TLS version: TLS9"},
		{"a section without content is taken as absent", "tls_config:\n  # ca_file: ca.crt", ""},
		{"not strict where a type reads a node itself", "collectors:\n  replica: false", ""},
		{"a type of Go", "tls_config:\n  cafile: x", "yaml: unmarshal errors:\n  line 2: field cafile not found in type config.plain"},
		{"the value", "tls_config: hush", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `hush` into config.plain"},
	} {
		decoder := yaml.NewDecoder(strings.NewReader(tc.text))
		decoder.KnownFields(true)
		got := ""
		if err := decoder.Decode(&strictModule{}); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: %q: got %q, want %q", tc.name, tc.text, got, tc.want)
		}
	}
}
