package sentinel

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// SameProcess reports whether two entries are certainly one process, which can be known at
// several addresses: each process has its own run id.
func (in *Instance) SameProcess(other *Instance) bool {
	return in.RunID != "" && in.RunID == other.RunID
}

// ListedTwice returns the entries of each process that is listed more than once as the master
// or a live replica, such as by IPv4 and IPv6, or by IP address and host name. Sentinel takes
// them for several nodes.
func (m *Master) ListedTwice() [][]*Instance {
	first := make(map[string]*Instance, 1+len(m.Replicas))
	var twice [][]*Instance
	add := func(in *Instance) {
		switch earlier := first[in.RunID]; {
		case in.RunID == "":
		case earlier == nil:
			first[in.RunID] = in
		default:
			k := slices.IndexFunc(twice, func(entries []*Instance) bool { return entries[0] == earlier })
			if k < 0 {
				k, twice = len(twice), append(twice, []*Instance{earlier})
			}
			twice[k] = append(twice[k], in)
		}
	}
	add(&m.Instance)
	for i := range m.Replicas {
		if r := &m.Replicas[i]; r.Live() {
			add(&r.Instance)
		}
	}
	return twice
}

// MovedTo is where the process of a replica that is down answers, as it has left the address
// that the Sentinel goes on listing: the master, or another replica. It is nil if there is no
// such, and where the process was started anew, which gives it another run id.
func (m *Master) MovedTo(r *Replica) *Instance {
	if !r.Flags.Has(FlagSDown) {
		return nil
	}
	if r.SameProcess(&m.Instance) {
		return &m.Instance
	}
	for i := range m.Replicas {
		if other := &m.Replicas[i]; other.Live() && r.SameProcess(&other.Instance) {
			return &other.Instance
		}
	}
	return nil
}

// SameNode reports whether two entries, which may be from two Sentinels, are one node. A host
// name can only be compared by run id, so the result is absent until both run ids are known.
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

// SameAddress reports whether two addresses, as host:port, are the same. It is absent if a
// host name would have to be resolved to know that.
func SameAddress(a, b string) Optional[bool] {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB {
		return Some(false)
	}
	return sameHost(hostA, hostB)
}

// sameHost does the same for hosts. An empty host is a name that did not resolve.
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
