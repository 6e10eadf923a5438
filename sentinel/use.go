package sentinel

import (
	"cmp"
	"maps"
	"slices"
)

// Use lends the clients of all Sentinels that are asked now, in the order of
// Snapshots, until do returns. A peer that is asked no longer meanwhile is closed
// after that, not under the hands of its user.
func (d *Deployment) Use(do func(clients []*Client)) {
	r := &round{asked: make(map[*member]bool)}
	d.join(r)
	defer d.leave(r)
	peers := slices.SortedFunc(maps.Keys(r.asked), func(a, b *member) int {
		return cmp.Compare(a.client.Address(), b.client.Address())
	})
	peers = slices.DeleteFunc(peers, func(m *member) bool { return slices.Contains(d.given, m) })
	var clients []*Client
	for _, m := range slices.Concat(d.given, peers) {
		clients = append(clients, m.client)
	}
	do(clients)
}
