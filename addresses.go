package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// parseAddresses reads the values of --sentinel.address. Each may hold several
// addresses, with commas, since that is how people write them in one variable.
func parseAddresses(values []string) ([]string, error) {
	var addresses []string
	for _, value := range values {
		for text := range strings.SplitSeq(value, ",") {
			text = strings.TrimSpace(text)
			if text == "" {
				continue
			}
			address, err := parseAddress(text)
			if err != nil {
				return nil, fmt.Errorf("--sentinel.address: %w", err)
			}
			if slices.Contains(addresses, address) {
				return nil, fmt.Errorf("--sentinel.address: %s is given twice", address)
			}
			addresses = append(addresses, address)
		}
	}
	if len(addresses) == 0 {
		return nil, errors.New("--sentinel.address: no address is given")
	}
	return addresses, nil
}

// parseAddress returns host:port as net.JoinHostPort writes it.
func parseAddress(text string) (string, error) {
	if strings.Contains(text, "@") { // do not show it: what stands before may be a password
		return "", errors.New("an address holds no credentials: use --sentinel.username and --sentinel.password-file")
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
