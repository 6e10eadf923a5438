package sentinel

import (
	"context"
	"sync"
)

// A Deployment is the set of Sentinels that watch the same masters.
type Deployment struct {
	clients []*Client
}

// NewDeployment takes the clients of its Sentinels, which it will close.
func NewDeployment(clients ...*Client) *Deployment { return &Deployment{clients: clients} }

// Snapshots asks all Sentinels at once. It returns one snapshot for each, in the
// order of the clients, by the end of the context: one that hangs costs nothing
// but its own.
func (d *Deployment) Snapshots(ctx context.Context) []*Snapshot {
	snapshots := make([]*Snapshot, len(d.clients))
	var wg sync.WaitGroup
	for i, client := range d.clients {
		wg.Go(func() { snapshots[i] = client.Snapshot(ctx) })
	}
	wg.Wait()
	return snapshots
}

// Close closes the connections, after the calls under way.
func (d *Deployment) Close() {
	for _, client := range d.clients {
		client.Close()
	}
}
