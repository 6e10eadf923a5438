package probe

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"redis_sentinel_exporter/sentinel"
)

// maxNameBytes is the longest name of a deployment: it is in URLs, labels and logs.
const maxNameBytes = 200

// A Deployment is a named deployment of the configuration.
type Deployment struct {
	// Sentinels are the addresses, as host:port, in the order of the file.
	Sentinels []string `yaml:"sentinels"`
	// ModuleName is of the module with the credentials; empty for none.
	ModuleName string `yaml:"module,omitempty"`
	// Labels are those of its target in /sd?role=deployment.
	Labels        map[string]string `yaml:"labels,omitempty"`
	DiscoverPeers bool              `yaml:"discover_peers,omitempty"`

	module *Module
	line   int            // of its name
	lines  map[string]int // of its fields
}

// Deployments are named deployments, by name.
type Deployments map[string]*Deployment

// UnmarshalYAML reads the deployments of a file.
func (d *Deployments) UnmarshalYAML(node *yaml.Node) error {
	*d = make(Deployments)
	return pairs(node, func(name string, value *yaml.Node) error {
		if err := checkName(name); err != nil {
			return err
		}
		one := &Deployment{line: value.Line}
		(*d)[name] = one
		if err := decodeValue(value, one); err != nil {
			return err
		}
		return one.check()
	})
}

// checkName refuses names that could not be told apart, or not be seen.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("a deployment needs a name")
	case len(name) > maxNameBytes:
		return fmt.Errorf("the name of a deployment has at most %d bytes", maxNameBytes)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) || strings.TrimSpace(name) != name:
		return errors.New("the name of a deployment consists of characters that can be seen, with spaces only between them")
	}
	return nil
}

// UnmarshalYAML reads one deployment.
func (d *Deployment) UnmarshalYAML(node *yaml.Node) (err error) {
	d.lines, err = decode(node, d)
	return err
}

// check checks the fields; that of the module is checked by join, which has the modules.
func (d *Deployment) check() error {
	if err := d.checkSentinels(); err != nil {
		return within("sentinels", at(max(d.lines["sentinels"], d.line), err))
	}
	for _, label := range slices.Sorted(maps.Keys(d.Labels)) {
		if err := checkLabel(label, d.Labels[label]); err != nil {
			return within("labels", at(d.lines["labels"], err))
		}
	}
	return nil
}

func (d *Deployment) checkSentinels() error {
	var targets []string
	for i, text := range d.Sentinels {
		target, err := sentinel.ParseAddress(withPort(text))
		if err == nil && slices.Contains(targets, target) {
			err = errors.New("it is given twice")
		}
		if err != nil {
			return fmt.Errorf("address %d: %w", i+1, err)
		}
		targets = append(targets, target)
	}
	switch {
	case len(targets) == 0:
		return errors.New("a deployment needs at least one Sentinel, as host:port")
	case len(targets) > maxTargets:
		return fmt.Errorf("more than %d Sentinels are given", maxTargets)
	}
	d.Sentinels = targets
	return nil
}

// checkLabel refuses labels that Prometheus would refuse, or that /sd sets itself.
func checkLabel(name, value string) error {
	switch {
	case !model.LegacyValidation.IsValidLabelName(name) || strings.HasPrefix(name, model.ReservedLabelPrefix):
		return fmt.Errorf("%q is not the name of a label", name)
	case name == "deployment" || name == "instance":
		return fmt.Errorf("the label %s is the name of the deployment", name)
	case !utf8.ValidString(value):
		return fmt.Errorf("the value of the label %s is not UTF-8", name)
	}
	return nil
}

// resolve finds the modules of the deployments.
func (d Deployments) resolve(c *Config) error {
	for _, name := range slices.Sorted(maps.Keys(d)) {
		one := d[name]
		if _, given := one.lines["module"]; given && c.Modules[one.ModuleName] == nil {
			return within(name, within("module", at(one.lines["module"], fmt.Errorf("there is no such module%s", c.moduleHint(one.ModuleName)))))
		}
		one.module = c.Module(one.ModuleName)
	}
	return nil
}

func (c *Config) moduleHint(name string) string {
	if similar := Similar(name, slices.Collect(maps.Keys(c.Modules))); len(similar) > 0 {
		return ": is it " + strings.Join(similar, ", or ") + "?"
	}
	return ""
}

// Module returns the settings with which its Sentinels are asked.
func (d *Deployment) Module() *Module { return d.module }

// Options returns the options for the clients, without an address. allowed_targets is not
// for them: it is the file that names these Sentinels, not a request.
func (d *Deployment) Options() sentinel.Options {
	o := d.module.Options()
	o.Allowed = nil
	return o
}

// Nodes returns the options for the data nodes, without an address, with a bound on what their replies take; nil
// if nothing may be sent to them.
func (d *Deployment) Nodes(budget *sentinel.Budget) *sentinel.Options {
	a := d.module.Nodes
	if a == nil {
		return nil
	}
	return &sentinel.Options{Username: a.Username, Password: a.login.password, TLS: a.login.tls, Budget: budget}
}

// Same reports whether the Sentinels are the same and are asked in the same way, so that
// connections to them can stay. The labels may differ.
func (d *Deployment) Same(other *Deployment) bool {
	return slices.Equal(d.Sentinels, other.Sentinels) && d.DiscoverPeers == other.DiscoverPeers && d.module.same(other.module)
}

// same reports whether two modules ask in the same way. What is read at each connection,
// such as the password file, need not be the same as before.
func (m *Module) same(other *Module) bool {
	return m.Username == other.Username && m.PasswordFile == other.PasswordFile && m.Timeout == other.Timeout &&
		m.Collectors == other.Collectors && m.login.tlsID == other.login.tlsID && m.Nodes.same(other.Nodes)
}

// A tlsIdentity is what makes a TLS configuration, with the hash of the CA file, which is
// read only once.
type tlsIdentity struct {
	settings config.TLSConfig
	ca       [sha256.Size]byte
	on       bool
}

func identityOf(settings *config.TLSConfig) (tlsIdentity, error) {
	id := tlsIdentity{settings: *settings, on: true}
	if settings.CAFile == "" {
		return id, nil
	}
	text, err := os.ReadFile(settings.CAFile)
	id.ca = sha256.Sum256(text)
	return id, err
}
