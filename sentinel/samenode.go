package sentinel

import (
	"net"
	"net/netip"
	"strings"
)

// SameProcess reports whether two entries are surely of one process, which may be known at
// several addresses. The run id tells: each process has one of its own.
func (in *Instance) SameProcess(other *Instance) bool {
	return in.RunID != "" && in.RunID == other.RunID
}

// ListedTwice returns the entries of each process that the master and its replicas hold
// more than once, and that is not down: one with two addresses, by IPv4 and IPv6, or by
// IP address and host name. Sentinel takes them for several nodes.
func (m *Master) ListedTwice() [][]*Instance {
	byRunID := make(map[string][]*Instance, 1+len(m.Replicas))
	var runIDs []string
	add := func(in *Instance) {
		if in.RunID == "" {
			return
		}
		if byRunID[in.RunID] == nil {
			runIDs = append(runIDs, in.RunID)
		}
		byRunID[in.RunID] = append(byRunID[in.RunID], in)
	}
	add(&m.Instance)
	for i := range m.Replicas {
		if r := &m.Replicas[i]; r.Live() {
			add(&r.Instance)
		}
	}
	var twice [][]*Instance
	for _, id := range runIDs {
		if entries := byRunID[id]; len(entries) > 1 {
			twice = append(twice, entries)
		}
	}
	return twice
}

// SameNode reports whether two entries, which may be of two Sentinels, are of one node.
// Where a host is given by name it is the run id that tells, and the answer is absent as
// long as one of the two is not known. Several names can be one node, too.
func (in *Instance) SameNode(other *Instance) Optional[bool] {
	if in.SameProcess(other) {
		return Some(true)
	}
	if in.Port != other.Port {
		return Some(false)
	}
	if same := sameHost(in.Host, other.Host); same.Present {
		return same
	}
	if in.RunID != "" && other.RunID != "" {
		return Some(false)
	}
	return Optional[bool]{}
}

// SameAddress reports whether two addresses, as host:port, are one. That a name is
// another name's host, or that of an IP address, cannot be known without asking a name
// server: then it is absent.
func SameAddress(a, b string) Optional[bool] {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB {
		return Some(false)
	}
	return sameHost(hostA, hostB)
}

// sameHost is SameAddress of hosts. An empty one is a name that did not resolve.
func sameHost(a, b string) Optional[bool] {
	if a == "" || b == "" {
		return Optional[bool]{}
	}
	if strings.EqualFold(a, b) {
		return Some(true)
	}
	ipA, errA := netip.ParseAddr(a)
	ipB, errB := netip.ParseAddr(b)
	if errA != nil || errB != nil {
		return Optional[bool]{}
	}
	return Some(ipA.Unmap() == ipB.Unmap())
}
