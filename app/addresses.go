package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// defaultAddress is the address of a Sentinel on the same machine.
const defaultAddress = "127.0.0.1:26379"

// addresses returns the addresses of the Sentinels to ask.
func (f *programFlags) addresses() ([]string, error) {
	switch {
	case f.onlyProbes():
		return nil, nil
	case len(f.sentinel.addresses) == 0:
		return []string{defaultAddress}, nil
	}
	return parseAddresses(f.sentinel.addresses)
}

// onlyProbes reports whether Sentinels are asked only for /probe. Then there is probably no
// Sentinel at the default address, and it would always be reported as down.
func (f *programFlags) onlyProbes() bool {
	return len(f.sentinel.addresses) == 0 && f.probe.configFile != ""
}

// parseAddresses parses the values of --sentinel.address. Each may contain several addresses,
// separated by commas, because that is how people write them in an environment variable.
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

// parseAddress parses one address. An error about credentials names the flags for them.
func parseAddress(text string) (string, error) {
	address, err := sentinel.ParseAddress(text)
	if errors.Is(err, sentinel.ErrCredentials) {
		return "", fmt.Errorf("%w: use --sentinel.username and --sentinel.password-file", err)
	}
	if err != nil {
		return "", fmt.Errorf("%q: %w", text, err)
	}
	return address, nil
}
