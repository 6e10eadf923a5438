package health

import (
	"net/netip"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// A nameSet is the masters that one or several data nodes belong to. Nodes of the same
// masters have the same one: with as many masters as a Sentinel can name, comparing the
// names for each of them would take seconds.
type nameSet struct {
	names   []string // in the order of the masters
	masters []*masterModel
	nodes   map[string]int // how many of the masters are at a node, by its address and by its run id; nil until needed
}

func (s *nameSet) size() int {
	if s == nil {
		return 0
	}
	return len(s.names)
}

// hasTwice reports whether the node of a master of the set is that of another one, too.
func (s *nameSet) hasTwice(m *masterModel) bool {
	if s.nodes == nil {
		s.nodes = make(map[string]int)
		for _, master := range s.masters {
			for _, key := range nodeKeys(&master.believed().Instance) {
				s.nodes[key]++
			}
		}
	}
	for _, key := range nodeKeys(&m.believed().Instance) {
		if s.nodes[key] > 1 {
			return true
		}
	}
	return false
}

// nodeKeys are what a node is known by: two that have one of them are one node, as
// Instance.SameNode has it.
func nodeKeys(in *sentinel.Instance) []string {
	var keys []string
	if in.RunID != "" {
		keys = append(keys, in.RunID)
	}
	host := strings.ToLower(in.Host)
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	if host != "" {
		keys = append(keys, host+" "+in.Port)
	}
	return keys
}
