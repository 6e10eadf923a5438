package deployment

import "redis_sentinel_exporter/sentinel"

// Use lends the clients of all Sentinels that are asked now, in the order of
// Snapshots, until do returns. A peer that is asked no longer meanwhile is closed
// after that, not under the hands of its user.
func (d *Deployment) WithClients(do func(clients []*sentinel.Client)) {
	r := &round{asked: make(map[*member]bool)}
	d.join(r)
	defer d.leave(r)
	var clients []*sentinel.Client
	for _, m := range ordered(d.given, r.asked) {
		clients = append(clients, m.client)
	}
	do(clients)
}
