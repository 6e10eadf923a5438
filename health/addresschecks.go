package health

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// loopbackAddress finds loopback addresses that a Sentinel gives to clients on other machines.
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
				Message: fmt.Sprintf("Sentinel %s, asked from elsewhere, gives loopback addresses: %s", v.Snapshot.Sentinel, few(local)),
				Look:    []string{onSentinel(v.Snapshot, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", m.Name)},
			}, v)
		}
	}
	return o
}

// loopback reports whether a host means the client's own machine.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return strings.EqualFold(host, "localhost")
	}
	return ip.Unmap().IsLoopback() || ip.IsUnspecified()
}

// sharedNode makes one finding of all nodes that belong to the same other masters. If a group
// of nodes has two names, each name gets a finding; the one on the second name follows from
// that on the first. A node is looked up by address and by run id: two masters can list it
// under two addresses.
func sharedNode(m *masterModel) outcome {
	var o outcome
	if len(m.model.nodes) > 0 {
		m.sharedHere(&o)
	}
	m.elsewhere(&o)
	return o
}

// sharedHere adds the findings on nodes that belong to other masters of the deployment as well.
func (m *masterModel) sharedHere(o *outcome) {
	addrs := make(map[*nameSet][]string)
	var sets []*nameSet
	seen := make(map[string]bool)
	note := func(node *sentinel.Instance) {
		set := m.model.nodes[node.Addr]
		if byRunID := m.model.nodes[node.RunID]; byRunID.size() > set.size() {
			set = byRunID
		}
		if set.size() < 2 || seen[node.Addr] || seen[node.RunID] {
			return
		}
		seen[node.Addr], seen[node.RunID] = true, node.RunID != ""
		if addrs[set] == nil {
			sets = append(sets, set)
		}
		addrs[set] = append(addrs[set], node.Addr)
	}
	for _, v := range m.Views {
		note(&v.Instance)
		for i := range v.Replicas {
			note(&v.Replicas[i].Instance)
		}
	}
	for _, set := range sets {
		o.add(m.shared(set, addrs[set]), m.Views...)
	}
}

// elsewhere adds the findings on nodes that belong to other deployments as well. Their Sentinels, which take each
// other for theirs, follow from that, and a replication id says so only where nothing else does: one replica
// follows the other's master.
func (m *masterModel) elsewhere(o *outcome) {
	in := m.model.elsewhere
	nodes, peers, taken, data := m.nodesElsewhere(), make(byWhere), make(byWhere), ""
	for _, v := range m.Views {
		taken.note(in.Taken[v.Snapshot.ID], v.Snapshot.Sentinel)
		for i := range v.Peers {
			peers.note(in.Peers[v.Peers[i].RunID], v.Peers[i].Addr)
		}
		for i := range v.Cache {
			data = cmp.Or(data, in.Replications[v.Cache[i].ReplicationID])
		}
	}
	found := func(message, node, hint string, causes ...Cause) {
		o.add(Finding{
			Severity: Critical, Node: node, Message: message, Hint: hint, FollowsFrom: causes,
			Look: []string{redisCLI(cmp.Or(node, m.believed().Advertised()), "INFO", "replication"), onSentinel(m.Views[0].Snapshot, "SENTINEL", "MASTERS")},
		}, m.Views...)
	}
	const (
		part   = "If the masters of both have one name, their Sentinels have become peers, and tell each other what to forget: RESET the name on all Sentinels of both within the same second, and again until each knows only its own ones (num-other-sentinels)."
		repair = "Find out which deployment the node belongs to (INFO replication), and do not fail over meanwhile. Point it to its own master with REPLICAOF. If Sentinels of one deployment monitor a master of the other, REMOVE that name there. " + part
	)
	for _, where := range nodes.sorted() {
		addrs := nodes[where]
		if len(addrs) == 1 {
			found(fmt.Sprintf("the node %s belongs to another deployment as well: %s", addrs[0], where), addrs[0], repair)
		} else {
			found(fmt.Sprintf("%d nodes belong to another deployment as well: %s (%s)", len(addrs), where, few(addrs)), "", repair)
		}
	}
	switch {
	case len(nodes) > 0:
	case len(peers) > 0:
		for _, where := range peers.sorted() {
			found(fmt.Sprintf("its Sentinels take %s of another deployment for theirs, which %s for nothing here: %s (%s)",
				count(len(peers[where]), "Sentinel"), verb(len(peers[where]), "vote"), where, few(peers[where])), "", part, m.metBy()...)
		}
	case len(taken) > 0:
		for _, where := range taken.sorted() {
			found(fmt.Sprintf("those of another deployment take %s of its own for theirs: %s (%s)", count(len(taken[where]), "Sentinel"), where, few(taken[where])), "", part, m.metBy()...)
		}
	case data != "":
		found("its data are those of another deployment, with the same replication id: "+data, "", repair)
	}
}

// byWhere has the addresses of what other deployments have as well, sorted, by which those are.
type byWhere map[string][]string

func (b byWhere) note(where, addr string) {
	if at, known := slices.BinarySearch(b[where], addr); where != "" && !known {
		b[where] = slices.Insert(b[where], at, addr)
	}
}

// sorted are the other deployments.
func (b byWhere) sorted() []string {
	if len(b) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(b))
}

func (m *masterModel) nodesElsewhere() byWhere {
	in := m.model.elsewhere.Nodes
	if len(in) == 0 {
		return nil
	}
	nodes := make(byWhere)
	for _, v := range m.Views {
		nodes.note(in[v.RunID], v.Addr)
		for i := range v.Replicas {
			nodes.note(in[v.Replicas[i].RunID], v.Replicas[i].Addr)
		}
	}
	return nodes
}

// metBy returns the cause of Sentinels taking those of another deployment for theirs, if it is that another master has its nodes.
func (m *masterModel) metBy() []Cause {
	for _, other := range m.model.masters {
		nodes := other.nodesElsewhere()
		for _, where := range nodes.sorted() {
			f := Finding{Check: "shared_node", Master: other.Name}
			if len(nodes[where]) == 1 {
				f.Node = nodes[where][0]
			}
			return []Cause{f.asCause()}
		}
	}
	return nil
}

// shared returns the finding on nodes that belong to the same masters. If the master itself
// is one of them, the other name can be removed; otherwise the repair depends on which
// master the nodes belong to.
func (m *masterModel) shared(set *nameSet, addrs []string) Finding {
	also := others(set.names, m.Name)
	f := Finding{Severity: Critical, Look: []string{redisCLI(addrs[0], "INFO", "replication"), onSentinel(m.Views[0].Snapshot, "SENTINEL", "MASTERS")}}
	if len(addrs) == 1 {
		f.Node = addrs[0]
		f.Message = fmt.Sprintf("the node %s belongs to %s as well", addrs[0], also)
	} else {
		f.Message = fmt.Sprintf("%d nodes belong to %s as well: %s", len(addrs), also, few(addrs))
	}
	if first := set.names[0]; first != m.Name {
		f.FollowsFrom = []Cause{{Check: "shared_node", Master: first, Node: f.Node}}
	}
	if set.hasTwice(m) {
		f.Hint = "One group of nodes has two names. Find out which of the names the clients use, and REMOVE the other one on every Sentinel; that touches no node. In the command, NAME is the one to remove."
		f.Commands = []string{"redis_sentinel_exporter remove NAME --sentinel.address=" + quote(strings.Join(addresses(m.Views), ","))}
	}
	return f
}

// others lists the names without but, the first few only.
func others(names []string, but string) string {
	const most = 3
	var some []string
	for _, name := range names[:min(len(names), most+1)] {
		if name != but && len(some) < most {
			some = append(some, Printable(name))
		}
	}
	if more := len(names) - 1 - len(some); more > 0 {
		some = append(some, fmt.Sprintf("%d more", more))
	}
	return list(some)
}
