package role

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// A node is a master or a replica, with an entry for each way in which the Sentinels know it.
type node []*sentinel.Instance

func (n node) addr() string { return n[0].Addr }

func (n node) is(other *sentinel.Instance) bool {
	return slices.ContainsFunc(n, func(in *sentinel.Instance) bool { return in.SameNode(other).Value })
}

// nodesOf returns the nodes of a master, the master first.
func nodesOf(views []deployment.View) []node {
	var nodes []node
	add := func(in *sentinel.Instance) {
		if !in.HasAddr() {
			return
		}
		for i := range nodes {
			if nodes[i].is(in) {
				nodes[i] = append(nodes[i], in)
				return
			}
		}
		nodes = append(nodes, node{in})
	}
	for _, v := range views {
		add(v.AdvertisedNode())
	}
	for _, v := range views {
		add(&v.Instance)
		for i := range v.Replicas {
			add(&v.Replicas[i].Instance)
		}
	}
	return nodes
}

// find returns the node of a master by its name: host:port, where the host may be one of the map's names, or
// the name that the map has for its host:port. The error names the nodes that there are.
func find(master string, nodes []node, name string, names canstop.HostMap) (node, error) {
	var found []node
	for _, n := range nodes {
		if slices.ContainsFunc(n, func(in *sentinel.Instance) bool { return called(in.Addr, name, names) }) {
			found = append(found, n)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("no node of %s is %q: there are %s", master, name, list(nodes))
	default:
		return nil, fmt.Errorf("%q is more than one node of %s: %s", name, master, list(found))
	}
}

// called reports whether an address has the name.
func called(addr, name string, names canstop.HostMap) bool {
	if sentinel.SameAddress(addr, name).Value || names[addr] == name && name != "" {
		return true
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	for _, other := range []string{names[addr], names[host]} {
		if other != "" && sentinel.SameAddress(net.JoinHostPort(other, port), name).Value {
			return true
		}
	}
	return false
}

// mostListed bounds the nodes in a sentence.
const mostListed = 10

func list(nodes []node) string {
	addrs := make([]string, 0, mostListed)
	for i, n := range nodes {
		if i == mostListed {
			addrs = append(addrs, fmt.Sprintf("%d more", len(nodes)-i))
			break
		}
		addrs = append(addrs, n.addr())
	}
	return strings.Join(addrs, ", ")
}
