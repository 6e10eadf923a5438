// Package probe parses the targets of a /probe request and the modules of the configuration
// file, which hold the credentials and the targets that are allowed.
package probe

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// A Config is the content of a configuration file.
type Config struct {
	// AllowedTargets applies to probes without a module, and to modules without a list of
	// their own.
	AllowedTargets *AllowList `yaml:"allowed_targets,omitempty"`
	Modules        Modules    `yaml:"modules,omitempty"`
	// Deployments are those of this file; [File.Deployments] are all.
	Deployments Deployments `yaml:"deployments,omitempty"`
	// DeploymentFiles are the files with more of them.
	DeploymentFiles Globs `yaml:"deployment_files,omitempty"`

	unnamed *Module // for probes without a module
}

// Modules are the modules of a file, by name.
type Modules map[string]*Module

// Parse parses a configuration. Relative file names in it are relative to dir. Errors name
// the line.
func Parse(text []byte, dir string) (*Config, error) {
	c := &Config{}
	if err := decodeOne(text, c); err != nil {
		return nil, err
	}
	for name, m := range c.Modules {
		if err := m.prepare(dir, c.AllowedTargets); err != nil {
			return nil, within("modules", within(name, err))
		}
	}
	c.unnamed = newModule()
	if err := c.unnamed.prepare(dir, c.AllowedTargets); err != nil {
		return nil, err
	}
	if err := c.Deployments.resolve(c); err != nil {
		return nil, within("deployments", err)
	}
	return c, nil
}

// decodeOne reads a file with one document.
func decodeOne(text []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	switch err := decoder.Decode(into); {
	case errors.Is(err, io.EOF):
		return nil // an empty file
	case err != nil:
		return plain(err)
	}
	var more yaml.Node
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return errors.New("there is more than one document in it, or what follows the first is none")
	}
	return nil
}

// UnmarshalYAML reads the top level of a file.
func (c *Config) UnmarshalYAML(node *yaml.Node) error {
	_, err := decode(node, c)
	return err
}

// UnmarshalYAML reads the modules.
func (m *Modules) UnmarshalYAML(node *yaml.Node) error {
	*m = make(Modules)
	return pairs(node, func(name string, value *yaml.Node) error {
		if name == "" {
			return errors.New("a module needs a name")
		}
		module := newModule()
		(*m)[name] = module
		return decodeValue(value, module)
	})
}

// Module returns the module with that name, or nil. The empty name means the module for
// probes without one.
func (c *Config) Module(name string) *Module {
	if name == "" {
		return c.unnamed
	}
	return c.Modules[name]
}

// String returns the configuration as YAML, with defaults filled in and secrets shown as
// <secret>.
func (c *Config) String() string {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(c), encoder.Close()); err != nil {
		return fmt.Sprintf("cannot be printed: %s", err)
	}
	return b.String()
}

// inDirectory joins dir and a relative file name. An empty name stays empty.
func inDirectory(dir, file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}
