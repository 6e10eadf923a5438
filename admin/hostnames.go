package admin

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"redis_sentinel_exporter/sentinel"
)

// maxHostNames is the maximum number of names that are resolved for one operation.
const maxHostNames = 64

// hostNames maps host names to their IP addresses, as resolved here: a Sentinel may be given
// a name and show an IP address.
type hostNames map[string]hostName

type hostName struct {
	ips []netip.Addr
	err error // why ips is not known
}

// lookUpHosts resolves the host names in some addresses, all at once.
func lookUpHosts(ctx context.Context, addrs []string) hostNames {
	names := make(hostNames)
	for _, addr := range addrs {
		if host, _, err := net.SplitHostPort(addr); err == nil && host != "" && net.ParseIP(host) == nil && len(names) < maxHostNames {
			names[strings.ToLower(host)] = hostName{}
		}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, name := range slices.Sorted(maps.Keys(names)) {
		wg.Go(func() {
			ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
			mu.Lock()
			defer mu.Unlock()
			names[name] = hostName{ips, err}
		})
	}
	wg.Wait()
	return names
}

// sameNode reports whether two addresses are known to be the same. What a data node says of others can be a name or an
// address, whatever the Sentinels have.
func sameNode(ctx context.Context, a, b string) bool {
	if same := sentinel.SameAddress(a, b); same.Present {
		return same.Value
	}
	same, err := lookUpHosts(ctx, []string{a, b}).sameAddress(a, b)
	return err == nil && same
}

// sameAddress reports whether two addresses are the same. It returns an error if that is not
// known.
func (n hostNames) sameAddress(a, b string) (bool, error) {
	if same := sentinel.SameAddress(a, b); same.Present {
		return same.Value, nil
	}
	ipsA, err := n.of(a)
	if err != nil {
		return false, err
	}
	ipsB, err := n.of(b)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(ipsA, func(ip netip.Addr) bool { return slices.Contains(ipsB, ip) }), nil
}

// of returns the IP addresses of the host of an address.
func (n hostNames) of(addr string) ([]netip.Addr, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%q is not host:port: %w", addr, err)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip.Unmap()}, nil
	}
	name, asked := n[strings.ToLower(host)]
	switch {
	case !asked:
		return nil, fmt.Errorf("the host name %q was not looked up", host)
	case name.err != nil:
		return nil, name.err
	}
	ips := make([]netip.Addr, len(name.ips))
	for i, ip := range name.ips {
		ips[i] = ip.Unmap()
	}
	return ips, nil
}
