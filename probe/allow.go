package probe

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrForbidden means that a target may not be asked.
var ErrForbidden = errors.New("not in allowed_targets")

// An AllowList says which targets may be asked. Its patterns apply to host names, its
// networks to the IP addresses that are connected to, even if a host name was given: a name
// that is made to point elsewhere is still refused.
//
// A nil list allows everything, an empty one nothing.
type AllowList struct {
	text     []string // the entries as written in the file
	names    []string // patterns, in lower case
	networks []netip.Prefix
}

// UnmarshalYAML reads a list of networks, addresses and patterns of host names.
func (l *AllowList) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.SequenceNode {
		return at(node.Line, errors.New("a list belongs here"))
	}
	for i, item := range node.Content {
		if item.Kind != yaml.ScalarNode {
			return at(item.Line, errors.New("a network or a pattern of host names belongs here"))
		}
		if err := l.add(item.Value); err != nil {
			return at(item.Line, fmt.Errorf("entry %d: %w", i+1, err))
		}
	}
	return nil
}

// MarshalYAML returns the list as written in the file.
func (l *AllowList) MarshalYAML() (any, error) { return l.text, nil }

func (l *AllowList) add(text string) error {
	if network, isNetwork, err := parseNetwork(text); isNetwork {
		if err != nil {
			return err
		}
		l.networks = append(l.networks, network)
	} else {
		if err := checkPattern(text); err != nil {
			return err
		}
		l.names = append(l.names, strings.ToLower(strings.TrimSuffix(text, ".")))
	}
	l.text = append(l.text, text)
	return nil
}

// parseNetwork parses a network, or an address, which is a network of one.
func parseNetwork(text string) (network netip.Prefix, isNetwork bool, err error) {
	if address, err := netip.ParseAddr(text); err == nil {
		network = netip.PrefixFrom(address.WithZone(""), address.BitLen())
	} else if strings.Contains(text, "/") {
		if network, err = netip.ParsePrefix(text); err != nil {
			return network, true, errors.New("it is not a network such as 10.0.0.0/8 or fd00::/8")
		}
	} else {
		return network, false, nil
	}
	if network.Addr().Is4In6() {
		return network, true, errors.New("write an IPv4 network as one")
	}
	return network.Masked(), true, nil
}

func checkPattern(text string) error {
	_, err := path.Match(text, "")
	switch {
	case text == "":
		return errors.New("it is empty")
	case err != nil:
		return errors.New("the pattern has a [ without its ]")
	case strings.ContainsAny(text, ":@\\") || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return errors.New("it is neither a network nor a pattern of host names such as *.example.com (without a port)")
	}
	return nil
}

// Ask returns an error if a host, which is a name or an address, may not be asked. If the
// list has only networks, every name is allowed here: Connect checks its addresses.
func (l *AllowList) Ask(host string) error {
	if l == nil {
		return nil
	}
	if address, err := netip.ParseAddr(host); err == nil {
		if !l.contain(address) {
			return fmt.Errorf("%s: %w", host, ErrForbidden)
		}
		return nil
	}
	if len(l.names) == 0 && len(l.networks) > 0 {
		return nil
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	matches := func(pattern string) bool {
		ok, _ := path.Match(pattern, host) // the pattern has been checked
		return ok
	}
	if !slices.ContainsFunc(l.names, matches) {
		return fmt.Errorf("%s: %w", host, ErrForbidden)
	}
	return nil
}

// Connect returns an error if an address may not be connected to. If the list has only
// patterns, every address that an allowed name resolves to is allowed.
func (l *AllowList) Connect(address netip.Addr) error {
	if l == nil || len(l.networks) == 0 && len(l.names) > 0 || l.contain(address) {
		return nil
	}
	return fmt.Errorf("the address %s: %w", address, ErrForbidden)
}

func (l *AllowList) contain(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	return slices.ContainsFunc(l.networks, func(n netip.Prefix) bool { return n.Contains(address) })
}
