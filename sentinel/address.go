package sentinel

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// ErrCredentials means that an address contains credentials. Its text does not repeat them.
var ErrCredentials = errors.New("an address holds no credentials")

// ParseAddress parses host:port and returns it in lower case, as net.JoinHostPort writes it.
func ParseAddress(text string) (string, error) {
	if strings.Contains(text, "@") {
		return "", ErrCredentials
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", fmt.Errorf("%q is not host:port (an IPv6 address needs brackets, as [::1]:26379)", text)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return "", fmt.Errorf("%q: the port is not a number from 1 to 65535", text)
	}
	if !isHost(host) {
		return "", fmt.Errorf("%q: %q is neither a host name nor an IP address", text, host)
	}
	return net.JoinHostPort(strings.ToLower(host), strconv.FormatUint(number, 10)), nil
}

func isHost(host string) bool {
	if strings.Contains(host, ":") {
		_, err := netip.ParseAddr(host)
		return err == nil
	}
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune(`/\?#[]`, r)
	})
}
