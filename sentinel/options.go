package sentinel

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// Options say how to reach one Sentinel.
type Options struct {
	// Address is host:port.
	Address string
	// Username is the ACL user; empty for the default user.
	Username string
	// Password returns the password. It is called for each new connection, so that a
	// changed password file takes effect. If it is nil or returns an empty password, no
	// credentials are sent.
	Password func() (string, error)
	// TLS is nil for a plain connection. Without a ServerName the host of the address
	// is verified.
	TLS *tls.Config
	// Allowed is called with each address before it is connected to, after a host name
	// has been resolved. If it returns an error, no connection is made. Nil allows all.
	Allowed func(netip.Addr) error
	// Budget bounds what the replies take, together with those of all other clients that
	// have it. Nil bounds each by itself.
	Budget *Budget
	// InfoCache adds SENTINEL INFO-CACHE of each master to a snapshot; a refusal is a
	// failure. Without it a snapshot has INFO-CACHE of the only master of a Sentinel,
	// and of masters that do not look well, if the Sentinel permits it.
	InfoCache bool
}

func (o Options) password() (string, error) {
	if o.Password == nil {
		return "", nil
	}
	password, err := o.Password()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoCredentials, err)
	}
	return password, nil
}

// control is called by the dialer before it connects to address, an IP address with a port.
func (o Options) control(_, address string, _ syscall.RawConn) error {
	if o.Allowed == nil {
		return nil
	}
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	return o.Allowed(target.Addr())
}

func (o Options) tlsConfig() *tls.Config {
	config := o.TLS.Clone()
	if config.ServerName == "" {
		if host, _, err := net.SplitHostPort(o.Address); err == nil {
			config.ServerName = host
		}
	}
	return config
}
