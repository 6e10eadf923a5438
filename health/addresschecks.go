package health

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// loopbackAddress looks at what a Sentinel gives to clients that are elsewhere.
func loopbackAddress(m *masterModel) outcome {
	var o outcome
	for _, v := range m.Views {
		asked, _, err := net.SplitHostPort(v.Snapshot.Sentinel)
		if err != nil || loopback(asked) {
			continue
		}
		var local []string
		if loopback(v.Host) {
			local = append(local, "master "+v.Addr)
		}
		for i := range v.Replicas {
			if loopback(v.Replicas[i].Host) {
				local = append(local, "replica "+v.Replicas[i].Addr)
			}
		}
		for i := range v.Peers {
			if loopback(v.Peers[i].Host) {
				local = append(local, "Sentinel "+v.Peers[i].Addr)
			}
		}
		if len(local) > 0 {
			o.add(Finding{
				Severity: Warning, Sentinel: v.Snapshot.Sentinel,
				Message:  fmt.Sprintf("Sentinel %s, asked from elsewhere, gives loopback addresses: %s", v.Snapshot.Sentinel, few(local)),
				Commands: []string{onSentinel(v.Snapshot, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", m.Name)},
			}, v)
		}
	}
	return o
}

// loopback reports whether a host is one's own machine, whoever asks.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return strings.EqualFold(host, "localhost")
	}
	return ip.Unmap().IsLoopback() || ip.IsUnspecified()
}

func sharedNode(m *masterModel) outcome {
	var o outcome
	seen := make(map[string]bool)
	for _, v := range m.Views {
		addrs := []string{v.Addr}
		for i := range v.Replicas {
			addrs = append(addrs, v.Replicas[i].Addr)
		}
		for _, addr := range addrs {
			names := m.model.nodes[addr]
			if len(names) < 2 || seen[addr] {
				continue
			}
			seen[addr] = true
			o.add(Finding{
				Severity: Critical,
				Message:  fmt.Sprintf("the node %s belongs to %s as well", addr, others(names, m.Name)),
				Commands: []string{redisCLI(addr, "INFO", "replication"), onSentinel(v.Snapshot, "SENTINEL", "MASTERS")},
			}, v)
		}
	}
	return o
}

// others names some of the names but one.
func others(names []string, but string) string {
	const most = 3
	var some []string
	for _, name := range names {
		if name != but && len(some) < most {
			some = append(some, Printable(name))
		}
	}
	if more := len(names) - 1 - len(some); more > 0 {
		some = append(some, fmt.Sprintf("%d more", more))
	}
	return list(some)
}
