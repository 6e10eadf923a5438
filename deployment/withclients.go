package deployment

import "redis_sentinel_exporter/sentinel"

// WithClients calls do with the clients of all Sentinels that are asked now, in the order
// of Snapshots. A peer that is removed meanwhile is closed only after do returns.
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
