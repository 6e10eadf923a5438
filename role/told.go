package role

import (
	"slices"
	"strings"
	"time"
)

const (
	// handOver is how long a balancer may still send writes to a node that it was told may
	// take them, if it has not asked again: the longest time between its checks.
	handOver = 3 * time.Second
	// settling is the time from a refusal to the moment when a balancer certainly acts on it.
	settling = 50 * time.Millisecond
	// mostBalancers bounds the balancers that are remembered for a master.
	mostBalancers = 1024
)

// told is what each balancer was told of the nodes of a master: it acts on that until it asks
// again. So a new master gets its writes only when every balancer has heard that the
// old one has lost them.
type told map[string]*balancer

// A balancer is one that asks every few seconds.
type balancer struct {
	joined time.Time // of its first check, or the first one after a silence
	last   time.Time
	words  map[string]*word // by address
}

// A word is what a balancer was told last of a node.
type word struct {
	yes   bool
	since time.Time // when it was first told so
	last  time.Time
	had   bool // it was told yes before
}

// ask notes that a balancer asks.
func (t told) ask(who string, now time.Time) {
	b := t[who]
	if b == nil {
		if len(t) >= mostBalancers {
			t.forget(now)
		}
		if len(t) >= mostBalancers {
			return
		}
		b = &balancer{}
		t[who] = b
	}
	if now.Sub(b.last) > handOver {
		*b = balancer{joined: now, words: make(map[string]*word)}
	}
	b.last = now
}

// tell notes an answer.
func (t told) tell(who, addr string, yes bool, now time.Time) {
	b := t[who]
	if b == nil {
		return
	}
	w := b.words[addr]
	if w == nil { // without the reply of which the address is a part, as an assignment to a key that there is would keep it
		w = &word{since: now}
		b.words[strings.Clone(addr)] = w
	} else if w.yes != yes {
		w.since, w.had = now, w.yes
	}
	w.yes, w.last = yes, now
}

// forget drops the balancers that do not ask any more.
func (t told) forget(now time.Time) {
	for who, b := range t {
		if now.Sub(b.last) > handOver {
			delete(t, who)
		}
	}
}

// holder returns another node to which a balancer may still send writes; empty if there is none.
func (t told) holder(addr string, now time.Time) string {
	for _, b := range t {
		for other, w := range b.words {
			if other != addr && (w.yes && now.Sub(w.last) <= handOver || !w.yes && w.had && now.Sub(w.since) <= settling) {
				return other
			}
		}
	}
	return ""
}

// unaware reports whether a balancer that has just come may act on what another exporter has told it,
// or this one before a restart: it has not been refused all the other nodes yet.
func (t told) unaware(who, addr string, nodes []node, now time.Time) bool {
	b := t[who]
	return b != nil && now.Sub(b.joined) <= handOver && slices.ContainsFunc(nodes, func(n node) bool {
		w, is := b.words[n.addr()]
		return n.addr() != addr && (!is || w.yes || now.Sub(w.since) <= settling)
	})
}
