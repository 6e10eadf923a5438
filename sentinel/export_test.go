package sentinel

import "time"

// AgePeers lets the peers have been named that much longer ago.
func (d *Deployment) AgePeers(age time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.found {
		m.named = m.named.Add(-age)
	}
}
