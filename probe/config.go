// Package probe says whom a probe may ask, and as whom: it reads the targets of a
// request, and the modules of the configuration file.
package probe

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// A Config is what a configuration file says.
type Config struct {
	// AllowedTargets hold for probes that name no module, and for modules that have
	// none of their own.
	AllowedTargets *AllowList `yaml:"allowed_targets,omitempty"`
	Modules        Modules    `yaml:"modules,omitempty"`

	unnamed *Module // of the probes that name no module
}

// Modules are the modules of a file, by name.
type Modules map[string]*Module

// Parse reads a configuration, in which relative files are relative to a
// directory. The error of what is wrong says in which line it is.
func Parse(text []byte, dir string) (*Config, error) {
	c := &Config{}
	if err := c.decode(text); err != nil {
		return nil, err
	}
	for name, m := range c.Modules {
		if err := m.prepare(dir, c.AllowedTargets); err != nil {
			return nil, within("modules", within(name, err))
		}
	}
	c.unnamed = newModule()
	return c, c.unnamed.prepare(dir, c.AllowedTargets)
}

func (c *Config) decode(text []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	switch err := decoder.Decode(c); {
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

// UnmarshalYAML reads the top of a file.
func (c *Config) UnmarshalYAML(node *yaml.Node) error {
	_, err := decode(node, c)
	return err
}

// UnmarshalYAML reads one module after the other.
func (m *Modules) UnmarshalYAML(node *yaml.Node) error {
	*m = make(Modules)
	return pairs(node, func(name string, value *yaml.Node) error {
		if name == "" {
			return errors.New("a module needs a name")
		}
		module := newModule()
		(*m)[name] = module
		return value.Decode(module)
	})
}

// Module returns a module; for the empty name that of the probes which name none,
// nil for a name that the file does not have.
func (c *Config) Module(name string) *Module {
	if name == "" {
		return c.unnamed
	}
	return c.Modules[name]
}

// String prints the configuration as YAML, with what it leaves to defaults, and
// <secret> in the place of secrets.
func (c *Config) String() string {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(c), encoder.Close()); err != nil {
		return fmt.Sprintf("cannot be printed: %s", err)
	}
	return b.String()
}

// inDirectory makes a file's name, if it has one, relative to a directory.
func inDirectory(dir, file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}
