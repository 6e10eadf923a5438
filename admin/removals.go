package admin

import (
	"strings"
	"sync"

	"redis_sentinel_exporter/sentinel"
)

// maxRemovals is how many removed names are remembered: Sentinels choose them.
const maxRemovals = 1000

// removals remembers where the names that were removed had been monitored, as long as the program runs. A
// Sentinel keeps nothing of a name that it has removed, and no client says which names it asks for.
type removals struct {
	mu sync.Mutex
	at map[string]string // the address, by name
}

// add remembers a name. The first address counts: the Sentinels are told one after the other.
func (r *removals) add(name, addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.at[name]; !known && len(r.at) < maxRemovals && addr != "" {
		r.at[strings.Clone(name)] = strings.Clone(addr)
	}
}

func (r *removals) forget(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.at, name)
}

// of returns where a name had been monitored; empty if it is not known to have been removed.
func (r *removals) of(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at[name]
}

// Hear takes in the events of the deployment's Sentinels: somebody else may remove a name, or monitor it again.
func (o *Operator) Hear(u *sentinel.StreamUpdate) {
	switch {
	case u.Kind != sentinel.StreamEvent:
	case u.Event.Name == sentinel.EventUnmonitor:
		o.removed.add(u.Event.Master, u.Event.Address)
	case u.Event.Name == sentinel.EventMonitor:
		o.removed.forget(u.Event.Master)
	}
}
