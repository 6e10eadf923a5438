package app

import (
	"errors"
	"fmt"

	"redis_sentinel_exporter/sentinel"
)

// nodeOptions returns the options for the data nodes, without an address; nil if they must not be asked.
func (f *programFlags) nodeOptions() (*sentinel.Options, error) {
	if f.node.passwordFile == "" {
		if f.node.username != "" || f.node.tls {
			return nil, errors.New("--node.username and --node.tls have no effect without --node.password-file")
		}
		return nil, nil // they must not be asked
	}
	password := sentinel.PasswordFile(f.node.passwordFile)
	if _, err := password(); err != nil {
		return nil, fmt.Errorf("--node.password-file: %w", err)
	}
	o := &sentinel.Options{Username: f.node.username, Password: password, Budget: f.budget()}
	if f.node.tls {
		var err error
		if o.TLS, err = f.sentinel.tls.fromFiles(); err != nil {
			return nil, err
		}
	}
	return o, nil
}
