package role

import (
	"context"
	"errors"
	"fmt"
	"time"

	"redis_sentinel_exporter/sentinel"
)

const (
	// holdFor is how long a check of a new master is held while balancers still have to hear
	// that the old one has lost its writes.
	holdFor = 500 * time.Millisecond
	// lookEvery is how often a check that is held is looked at.
	lookEvery = 10 * time.Millisecond
)

// A Check is a question of a balancer.
type Check struct {
	Master string // its name
	Node   string // see find
	// Balancer says who asks, so that each can be told that a node has lost its writes
	// before another one gets them. Named is true if it has given a name itself: then it is
	// known to ask for all nodes.
	Balancer string
	Named    bool
}

// Master says whether a node may take the writes of a master. At any moment the answer is yes for
// one node of a master at most.
func (k *Keeper) Master(ctx context.Context, c Check) Answer {
	return k.settled(ctx, func(m *master, now, began time.Time) (a Answer, wait bool) {
		m.told.ask(c.Balancer, now)
		n, err := find(m.name, m.nodes, c.Node, k.opts.Names)
		if err != nil {
			return Answer{Verdict: No, Reason: err.Error()}, false
		}
		a = m.mayWrite(n, k.opts.Grace, now)
		if a.Verdict == Yes {
			held := now.Sub(began) < holdFor
			if holder := m.told.holder(n.addr(), now); holder != "" {
				return Answer{Verdict: No, Reason: fmt.Sprintf(
					"%s is the master of %s, but not every balancer has heard yet that %s is not", n.addr(), m.name, holder)}, held
			}
			if held && c.Named && m.told.unaware(c.Balancer, n.addr(), m.nodes, now) {
				return a, true
			}
		}
		m.told.tell(c.Balancer, n.addr(), a.Verdict == Yes, now)
		return a, false
	}, c.Master)
}

// A question is asked about a master, of which nodes are known. The answer counts unless it can wait.
type question func(m *master, now, began time.Time) (a Answer, wait bool)

// settled asks a question until the answer counts. It waits for the Sentinels if they have not been
// asked for some time.
func (k *Keeper) settled(ctx context.Context, ask question, name string) Answer {
	began := time.Now()
	first := k.begin(began)
	ctx, cancel := context.WithTimeout(ctx, min(k.opts.Timeout, freshFor))
	defer cancel()
	var ticker *time.Ticker
	for {
		a, wait := k.once(ask, name, began)
		switch late := ctx.Err() != nil; {
		case wait && late:
			return Answer{Reason: "the check has ended before the answer"}
		case !wait && (late || a.Verdict == Yes || a.Verdict == No || isClosed(first)):
			return a
		}
		if ticker == nil {
			ticker = time.NewTicker(lookEvery)
			defer ticker.Stop()
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// once asks a question once.
func (k *Keeper) once(ask question, name string, began time.Time) (a Answer, wait bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	m, known := k.masters[name]
	if !known {
		m = newMaster(name)
	}
	if m.version != k.version || now.Sub(m.looked) > settling {
		m.version = k.version
		m.look(k.fresh(now), len(k.heard), k.opts.Grace, now)
	}
	if errors.Is(m.unsure, sentinel.ErrNoSuchMaster) && m.sure.Add(k.opts.Grace).Before(now) {
		delete(k.masters, name)
		return Answer{Verdict: NoMaster, Reason: k.noMaster(name, now)}, false
	}
	if len(m.nodes) == 0 {
		return Answer{Reason: fmt.Sprintf("nobody can tell which node is the master of %s: %v", name, m.unsure)}, false
	}
	k.masters[name] = m
	return ask(m, now, began)
}
