package probe

import (
	"errors"

	"go.yaml.in/yaml/v3"
)

// A NodeAccount is how to look at the data nodes of the named deployments that use a module.
type NodeAccount struct {
	Username     string     `yaml:"username,omitempty"` // empty for the default user
	PasswordFile string     `yaml:"password_file"`
	TLS          *TLSConfig `yaml:"tls_config,omitempty"` // nil for plain text

	lines map[string]int // lines of the fields that are given
	login login
}

// UnmarshalYAML reads an account.
func (a *NodeAccount) UnmarshalYAML(node *yaml.Node) (err error) {
	a.lines, err = decode(node, a)
	return err
}

// prepare checks the fields and the files that they name. A nil account is in order.
func (a *NodeAccount) prepare(dir string) error {
	switch {
	case a == nil:
		return nil
	case a.PasswordFile == "":
		return errors.New("a password_file belongs here: without one nothing is sent to a data node")
	}
	a.PasswordFile = inDirectory(dir, a.PasswordFile)
	if err := a.login.readPassword(a.PasswordFile); err != nil {
		return within("password_file", at(a.lines["password_file"], err))
	}
	if err := a.login.prepareTLS(a.TLS, dir); err != nil {
		return within("tls_config", at(a.lines["tls_config"], err))
	}
	return nil
}

// same reports whether two accounts are used in the same way.
func (a *NodeAccount) same(other *NodeAccount) bool {
	if a == nil || other == nil {
		return a == other
	}
	return a.Username == other.Username && a.PasswordFile == other.PasswordFile && a.login.tlsID == other.login.tlsID
}
