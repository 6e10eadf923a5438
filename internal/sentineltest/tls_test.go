package sentineltest

import (
	"bufio"
	"crypto/tls"
	"testing"
)

func TestTLSClients(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name              string
		clientCerts       bool
		withCert, without bool // whether a client with, without a certificate gets in
	}{
		{"any client", false, true, true},
		{"clients with a certificate", true, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			topology := Run(t, Config{TLS: true, ClientCerts: tc.clientCerts, Replicas: None, Sentinels: 1, Proxied: true})
			addr := topology.ClientAddrs()[0]
			cfg, err := topology.TLS.ClientConfig()
			if err != nil {
				t.Fatal(err)
			}
			if err := tlsPing(t, addr, cfg); (err == nil) != tc.withCert {
				t.Errorf("with a certificate: %v", err)
			}
			cfg.Certificates = nil
			if err := tlsPing(t, addr, cfg); (err == nil) != tc.without {
				t.Errorf("without a certificate: %v", err)
			}
		})
	}
}

// tlsPing says why a client does not get an answer.
func tlsPing(t *testing.T, addr string, cfg *tls.Config) error {
	t.Helper()
	d := tls.Dialer{Config: cfg}
	conn, err := d.DialContext(within(t), "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	_, err = bufio.NewReader(conn).ReadString('\n') // in TLS 1.3 a refusal comes only now
	return err
}
