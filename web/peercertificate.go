package web

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	toolkit "github.com/prometheus/exporter-toolkit/web"
)

var errNoCertificate = errors.New("the connection was made without a client certificate")

// clientRules returns what the file demands of client certificates now; nil if nothing.
func clientRules(config *toolkit.TLSConfig) (*tls.Config, error) {
	if config.ClientAuth == "" {
		return nil, nil //nolint:nilnil // see above
	}
	rules, err := toolkit.ConfigToTLSConfig(config)
	if err != nil {
		return nil, errors.New(withoutNames(withoutValues(err.Error()), config))
	}
	return rules, nil
}

// verifyPeer returns an error if a handshake with this client certificate would be refused now.
// The handshake that was made is no proof: a connection is kept for long, and a session that is
// resumed has none.
func verifyPeer(now *tls.Config, state *tls.ConnectionState) error {
	if now == nil {
		return nil
	}
	if state == nil || len(state.PeerCertificates) == 0 {
		if now.ClientAuth == tls.RequireAnyClientCert || now.ClientAuth == tls.RequireAndVerifyClientCert {
			return errNoCertificate
		}
		return nil
	}
	leaf := state.PeerCertificates[0]
	if now.ClientAuth >= tls.VerifyClientCertIfGiven {
		options := x509.VerifyOptions{Roots: now.ClientCAs, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		for _, c := range state.PeerCertificates[1:] {
			options.Intermediates.AddCert(c)
		}
		if _, err := leaf.Verify(options); err != nil {
			return fmt.Errorf("the client certificate: %w", err)
		}
	}
	if now.VerifyPeerCertificate == nil {
		return nil
	}
	if err := now.VerifyPeerCertificate([][]byte{leaf.Raw}, nil); err != nil {
		return errors.New("the client certificate has none of client_allowed_sans")
	}
	return nil
}
