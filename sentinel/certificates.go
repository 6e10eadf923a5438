package sentinel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
)

// Certificates connects to a server, be it a Sentinel or not, and returns the certificates that it shows in the TLS handshake, its
// own first. A connection that is kept has those of when it was opened. Nothing else is sent, and whether the
// certificates can be trusted is not looked at: one that has expired is returned as well. Without TLS in the options
// no certificate of a client is shown either.
func Certificates(ctx context.Context, o Options) ([]*x509.Certificate, error) {
	if o.TLS == nil {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	dialer := net.Dialer{Control: o.control}
	conn, err := dialer.DialContext(ctx, "tcp", o.Address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	config := o.tlsConfig()
	config.InsecureSkipVerify = true // see above
	var shown []*x509.Certificate
	config.VerifyConnection = func(s tls.ConnectionState) error {
		shown = s.PeerCertificates
		return nil
	}
	if err := tls.Client(conn, config).HandshakeContext(ctx); len(shown) == 0 { // it may refuse ours after that
		return nil, fmt.Errorf("%w: %w", errHandshake, err)
	}
	return shown, nil
}
