package probe

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"redis_sentinel_exporter/sentinel"
)

// A Module has the settings with which the Sentinels of a probe are asked.
type Module struct {
	Username     string     `yaml:"username,omitempty"`
	PasswordFile string     `yaml:"password_file,omitempty"`
	TLS          *TLSConfig `yaml:"tls_config,omitempty"` // nil for plain text
	// Timeout limits how long the Sentinels may take to answer, besides the timeout of the
	// scrape; 0 means no further limit.
	Timeout        model.Duration `yaml:"timeout,omitempty"`
	AllowedTargets *AllowList     `yaml:"allowed_targets,omitempty"` // nil for all
	Collectors     Collectors     `yaml:"collectors"`
	// Nodes is for the data nodes of named deployments; nil if nothing may be sent to them. A probe never
	// does.
	Nodes *NodeAccount `yaml:"nodes,omitempty"`

	lines map[string]int // lines of the fields that are given
	login login
}

// Collectors select metrics, like the flags --collector.* for /metrics.
type Collectors struct {
	Replicas  bool `yaml:"replicas"`
	Peers     bool `yaml:"peers"`
	InfoCache bool `yaml:"info_cache"`
}

// A TLSConfig has the same fields as tls_config in Prometheus.
type TLSConfig config.TLSConfig

// newModule returns a module with all defaults.
func newModule() *Module {
	return &Module{Collectors: Collectors{Replicas: true, Peers: true}}
}

// UnmarshalYAML reads a module.
func (m *Module) UnmarshalYAML(node *yaml.Node) (err error) {
	m.lines, err = decode(node, m)
	return err
}

// UnmarshalYAML reads the switches; those that are not given keep their defaults.
func (c *Collectors) UnmarshalYAML(node *yaml.Node) error {
	_, err := decode(node, c)
	return err
}

// UnmarshalYAML reads the TLS settings.
func (c *TLSConfig) UnmarshalYAML(node *yaml.Node) error {
	_, err := decode(node, c)
	return err
}

// prepare checks the fields and the files that they name, so that an error shows when the
// configuration is loaded. A module without a list of its own gets allowed.
func (m *Module) prepare(dir string, allowed *AllowList) error {
	if m.AllowedTargets == nil {
		m.AllowedTargets = allowed
	}
	m.PasswordFile = inDirectory(dir, m.PasswordFile)
	for _, check := range []struct {
		field string
		err   error
	}{
		{"timeout", m.checkTimeout()},
		{"username", m.checkUsername()},
		{"password_file", m.checkPassword()},
		{"tls_config", m.login.prepareTLS(m.TLS, dir)},
		{"nodes", m.Nodes.prepare(dir)},
	} {
		if check.err != nil {
			return within(check.field, at(m.lines[check.field], check.err))
		}
	}
	return nil
}

func (m *Module) checkTimeout() error {
	if _, given := m.lines["timeout"]; given && m.Timeout <= 0 {
		return fmt.Errorf("%s must be positive", time.Duration(m.Timeout))
	}
	return nil
}

func (m *Module) checkUsername() error {
	if m.Username != "" && m.PasswordFile == "" {
		return errors.New("a username needs a password_file")
	}
	return nil
}

// checkPassword checks the password file, and that a request cannot have the password sent to
// any server it likes.
func (m *Module) checkPassword() error {
	if m.PasswordFile == "" {
		return nil
	}
	if m.AllowedTargets == nil {
		return errors.New("whoever can send a request to /probe could have this password sent to a server of " +
			"their own: say in allowed_targets who may get it")
	}
	return m.login.readPassword(m.PasswordFile)
}

// Options returns the options for the clients, without an address.
func (m *Module) Options() sentinel.Options {
	return sentinel.Options{
		Username:  m.Username,
		Password:  m.login.password,
		TLS:       m.login.tls,
		Allowed:   m.AllowedTargets.Connect,
		InfoCache: m.Collectors.InfoCache,
	}
}
