package web

import (
	"fmt"
	"os"
	"path/filepath"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"
)

// readWebConfig reads the web configuration file of a listener, which the toolkit has
// validated.
func readWebConfig(file string) (*toolkit.Config, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	config := new(toolkit.Config)
	if err := yaml.UnmarshalStrict(text, config); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	config.TLSConfig.SetDirectory(filepath.Dir(file))
	return config, nil
}
