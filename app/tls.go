package app

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/prometheus/common/config"
)

// clientConfig returns the TLS configuration for the Sentinels; nil means plain text. The files may also
// be there for others.
func (f *tlsFlags) clientConfig(alsoForOthers bool) (*tls.Config, error) {
	if f.on {
		return f.fromFiles()
	}
	if alsoForOthers {
		return nil, nil // plain text is no error
	}
	return nil, f.unused()
}

// fromFiles returns a configuration with the files that are given. The client certificate and its key are
// read again for each connection, the CA file only once.
func (f *tlsFlags) fromFiles() (*tls.Config, error) {
	if (f.config.CertFile == "") != (f.config.KeyFile == "") {
		return nil, errors.New("--sentinel.tls-cert-file and --sentinel.tls-key-file need each other")
	}
	c, err := config.NewTLSConfig(&f.config)
	if err != nil {
		return nil, fmt.Errorf("TLS to the Sentinels: %w", err)
	}
	return c, nil
}

// unused refuses TLS flags without --sentinel.tls.
func (f *tlsFlags) unused() error {
	if f.config == (config.TLSConfig{}) {
		return nil
	}
	return errors.New("--sentinel.tls-... is given without --sentinel.tls: the connection would be plain text")
}
