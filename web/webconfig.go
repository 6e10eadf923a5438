package web

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	text := withoutValues(err.Error())
	if config, err := readWebConfig(file); err == nil {
		text = withoutNames(text, &config.TLSConfig)
	}
	return errors.New(text)
}

// withoutNames returns the text of an error without the names of files, or what stands in their place.
func withoutNames(text string, tls *toolkit.TLSConfig) string {
	names := []struct{ value, field string }{
		{tls.TLSCertPath, "<cert_file>"}, {tls.TLSKeyPath, "<key_file>"}, {tls.ClientCAs, "<client_ca_file>"},
	}
	slices.SortStableFunc(names, func(a, b struct{ value, field string }) int { return len(b.value) - len(a.value) }) // one may begin another
	var pairs []string
	for _, n := range names {
		if n.value != "" {
			pairs = append(pairs, n.value, n.field)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// withoutValues returns the text of an error without the values that yaml and the toolkit quote.
func withoutValues(text string) string {
	text = regexp.MustCompile("`[^`]*`|'.*'").ReplaceAllString(text, "<value>")
	return regexp.MustCompile(`((?:unknown (?:cipher|curve|TLS version)|invalid ClientAuth|but got): |SANs in client cert, found: ).*`).ReplaceAllString(text, "${1}<value>")
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
		return nil, fmt.Errorf("%s: %s", file, withoutValues(err.Error()))
	}
	config.TLSConfig.SetDirectory(filepath.Dir(file))
	return config, nil
}
