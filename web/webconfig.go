package web

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"
)

// CheckWebConfig returns an error if the web configuration of a listener is invalid. It quotes
// no values: a password may stand where something else belongs.
func CheckWebConfig(file string) error {
	err := toolkit.Validate(file)
	if err == nil {
		return nil
	}
	text := withoutValues(err)
	if config, err := readWebConfig(file); err == nil {
		tls := &config.TLSConfig
		for field, value := range map[string]string{"cert_file": tls.TLSCertPath, "key_file": tls.TLSKeyPath, "client_ca_file": tls.ClientCAs} {
			if value != "" {
				text = strings.ReplaceAll(text, value, "<"+field+">")
			}
		}
	}
	return errors.New(text)
}

// withoutValues returns the text of an error without the values that yaml quotes.
func withoutValues(err error) string {
	return regexp.MustCompile("`[^`]*`").ReplaceAllString(err.Error(), "<value>")
}

// readWebConfig reads the web configuration file of a listener, which the toolkit has
// validated.
func readWebConfig(file string) (*toolkit.Config, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	config := new(toolkit.Config)
	if err := yaml.UnmarshalStrict(text, config); err != nil {
		return nil, fmt.Errorf("%s: %s", file, withoutValues(err))
	}
	config.TLSConfig.SetDirectory(filepath.Dir(file))
	return config, nil
}
