package sentineltest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Certificates are the files of a certificate authority made for one topology: what its servers use, and what a client
// needs to get in. The servers' certificate is good for 127.0.0.1, ::1, localhost and all the nodes' own addresses.
type Certificates struct {
	CA                    string // certificate of the authority
	ServerCert, ServerKey string
	ClientCert, ClientKey string

	authority *authority
}

// ClientConfig returns what a Go client needs: the authority and the client's certificate.
func (c *Certificates) ClientConfig() (*tls.Config, error) {
	ca, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, fmt.Errorf("sentineltest: the CA certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("sentineltest: no certificate in %s", c.CA)
	}
	cert, err := tls.LoadX509KeyPair(c.ClientCert, c.ClientKey)
	if err != nil {
		return nil, fmt.Errorf("sentineltest: the client certificate: %w", err)
	}
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}

// NewCertificates makes an authority, a server's and a client's certificate in dir, which it creates. The server's is good
// for 127.0.0.1, ::1, localhost and the further addresses.
func NewCertificates(dir string, ips ...string) (*Certificates, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("sentineltest: the directory for certificates: %w", err)
	}
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	c := &Certificates{
		CA:         in("ca.crt"),
		ServerCert: in("server.crt"), ServerKey: in("server.key"),
		ClientCert: in("client.crt"), ClientKey: in("client.key"),
		authority: ca,
	}
	return c, errors.Join(
		writePEM(c.CA, "CERTIFICATE", ca.cert.Raw),
		// A Redis server also is a client of the others, with the same certificate.
		ca.issue(c.ServerCert, c.ServerKey, template("server"), ips, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth),
		ca.issue(c.ClientCert, c.ClientKey, template("client"), nil, x509.ExtKeyUsageClientAuth),
	)
}

// Issue makes a server's certificate of the same authority that is good until then, and was good before.
func (c *Certificates) Issue(certFile, keyFile string, until time.Time) error {
	tmpl := template("until")
	tmpl.NotBefore, tmpl.NotAfter = time.Now().Add(-48*time.Hour), until
	return c.authority.issue(certFile, keyFile, tmpl, nil, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth)
}

// An authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("sentineltest: a key: %w", err)
	}
	tmpl := template("sentineltest CA")
	tmpl.IsCA, tmpl.BasicConstraintsValid = true, true
	tmpl.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sentineltest: the CA certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("sentineltest: the CA certificate: %w", err)
	}
	return &authority{cert, key}, nil
}

func (a *authority) issue(certFile, keyFile string, tmpl *x509.Certificate, ips []string, usage ...x509.ExtKeyUsage) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("sentineltest: a key: %w", err)
	}
	tmpl.KeyUsage, tmpl.ExtKeyUsage = x509.KeyUsageDigitalSignature, usage
	tmpl.DNSNames = []string{"localhost"}
	for _, ip := range append([]string{"127.0.0.1", "::1"}, ips...) {
		tmpl.IPAddresses = append(tmpl.IPAddresses, net.ParseIP(ip))
	}
	cert, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, key.Public(), a.key)
	if err != nil {
		return fmt.Errorf("sentineltest: the %s certificate: %w", tmpl.Subject.CommonName, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("sentineltest: the %s key: %w", tmpl.Subject.CommonName, err)
	}
	return errors.Join(writePEM(certFile, "CERTIFICATE", cert), writePEM(keyFile, "PRIVATE KEY", der))
}

func template(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour), // clocks differ
		NotAfter:     now.AddDate(0, 0, 100),
	}
}

func writePEM(file, kind string, der []byte) error {
	block := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		return fmt.Errorf("sentineltest: a certificate file: %w", err)
	}
	return nil
}
