package sentinel

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// ErrCredentials means that an address contains credentials. Its text does not repeat them.
var ErrCredentials = errors.New("an address holds no credentials")

// ParseAddress parses host:port and returns it in lower case, as net.JoinHostPort writes it.
// Errors do not quote the text: it may be something else that was written in its place.
func ParseAddress(text string) (string, error) {
	if strings.Contains(text, "@") {
		return "", ErrCredentials
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", errors.New("it is not host:port (an IPv6 address needs brackets, as [::1]:26379)")
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return "", errors.New("the port is not a number from 1 to 65535")
	}
	if !isHost(host) {
		return "", errors.New("the host is neither a host name nor an IP address")
	}
	return net.JoinHostPort(strings.ToLower(host), strconv.FormatUint(number, 10)), nil
}

// maxHost bounds a host, in bytes; a name of DNS ends at 253.
const maxHost = 256

// isHost reports whether a host is an IP address or can be a name: of letters, digits and
// what is between them, so that it is no flag of a command, and no part of a URL.
func isHost(host string) bool {
	if host == "" || len(host) > maxHost {
		return false
	}
	ip, zone, zoned := strings.Cut(host, "%")
	if strings.Contains(ip, ":") {
		_, err := netip.ParseAddr(ip)
		return err == nil && (!zoned || isName(zone))
	}
	return isName(host)
}

func isName(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_':
		case (c == '.' || c == '-') && i > 0:
		default:
			return false
		}
	}
	return text != ""
}

// address joins host and port. The host may be an IPv6 address, or empty.
func address(host, port string) string { return net.JoinHostPort(host, port) }

// isAddress reports whether an address is certainly that of host and port. It makes nothing, unlike address.
func isAddress(addr, host, port string) bool {
	rest, found := strings.CutPrefix(addr, host)
	return found && len(rest) == 1+len(port) && rest[0] == ':' && rest[1:] == port && !strings.Contains(host, ":")
}
