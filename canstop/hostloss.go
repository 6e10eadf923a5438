package canstop

import (
	"net/netip"
	"slices"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// A HostLoss says which hosts a master would not survive the loss of.
type HostLoss struct {
	Hosts []FatalHost // by name
	// Known is false where the number of hosts says nothing: the master is down or a failover is under
	// way, all is on one loopback address, there are more than 64 hosts, or it is not known of a
	// host and sure of none.
	Known bool
}

// A FatalHost is a host whose loss alone would be [No].
type FatalHost struct {
	Host   string
	Holds  string // such as "the master orders and 2 of 3 Sentinels"
	Reason string // why it would not be survived
	Led    bool   // a Sentinel would be left that could be elected: it is a replica to promote that is missing
	// Together is true if each process on it could be lost alone: it is the host that all depends on.
	Together bool
	// FailOverTo lists the nodes of which a failover now would make one the master, where that leaves
	// no host that must not be lost.
	FailOverTo []string
	Remedies   []string // otherwise, in words; all are needed
}

// maxHosts bounds the hosts of a master that are judged: each is weighed against all others.
const maxHosts = 64

// HostLoss judges each host of a master, given by its place in what [LayoutOf] was given.
func (l *Layout) HostLoss(i int) HostLoss {
	m := &l.masters[i]
	hosts := slices.DeleteFunc(m.hosts(), func(id hostID) bool { return l.machines[id].class == nowhere })
	if m.fault != "" || m.moving || len(hosts) > maxHosts || len(hosts) == 1 && l.machines[hosts[0]].isLoopback() {
		return HostLoss{}
	}
	known := HostLoss{Known: true}
	for _, id := range hosts {
		gone := l.lossOf(id)
		switch verdict, w, _ := m.verdict(&gone); verdict {
		case No:
			known.Hosts = append(known.Hosts, l.fatal(m, &gone, &w, hosts))
		case Unknown:
			known.Known = false
		default:
		}
	}
	known.Known = known.Known || len(known.Hosts) > 0
	slices.SortFunc(known.Hosts, func(a, b FatalHost) int { return strings.Compare(a.Host, b.Host) })
	return known
}

// fatal describes a host whose loss leaves the future w.
func (l *Layout) fatal(m *masterParts, gone *loss, w *future, hosts []hostID) FatalHost {
	f := FatalHost{
		Host: l.machines[gone.lost[0]].name(), Holds: strings.Join(m.held(gone), " and "),
		Reason: m.reason(w, worst(gone)), Led: w.leads, Together: m.survivesEach(gone),
	}
	if to := m.heirsElsewhere(worst(gone)); w.lost && l.noneFatal(m, to, hosts) {
		for _, n := range to {
			f.FailOverTo = append(f.FailOverTo, sentinel.ValidUTF8(n.addr))
		}
		return f
	}
	f.Remedies = m.remedies(w, worst(gone))
	return f
}

// survivesEach reports whether the master would survive the loss of each process of a machine
// alone.
func (m *masterParts) survivesEach(gone *loss) bool {
	for _, nodes := range [][]placedNode{{m.node}, m.replicas, m.sentinels} {
		for i := range nodes {
			if gone.is(&nodes[i]) == no {
				continue
			}
			one := *gone
			one.only = nodes[i].addr
			if verdict, _, _ := m.verdict(&one); verdict == No {
				return false
			}
		}
	}
	return true
}

// noneFatal reports whether no host would be one that must not be lost, whichever of the nodes
// a failover makes the master.
func (l *Layout) noneFatal(m *masterParts, to []placedNode, hosts []hostID) bool {
	for _, n := range to {
		after := m.movedTo(n)
		for _, id := range hosts {
			gone := l.lossOf(id)
			if verdict, _, _ := after.verdict(&gone); verdict == No || verdict == Unknown {
				return false
			}
		}
	}
	return len(to) > 0
}

// isLoopback reports whether a machine is known by a loopback address only.
func (m *machine) isLoopback() bool {
	return !slices.ContainsFunc(m.keys, func(k hostKey) bool {
		ip, err := netip.ParseAddr(k.name)
		return k.class == mapped || err != nil || !ip.IsLoopback()
	})
}
