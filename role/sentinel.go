package role

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// Sentinel says whether clients may be given a Sentinel: it answers, is not in TILT, and knows where the
// master is; if name is nil, where every master is that the others know. address is the one at
// which it was asked, or that it announces.
func (k *Keeper) Sentinel(ctx context.Context, address string, name *string) Answer {
	began := time.Now()
	first := k.begin(began)
	ctx, cancel := context.WithTimeout(ctx, min(k.opts.Timeout, freshFor))
	defer cancel()
	select {
	case <-first:
	case <-ctx.Done():
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	fresh := k.fresh(now)
	s, known := k.sentinelAt(address, fresh)
	switch {
	case s == nil && slices.Contains(known, address):
		return Answer{Verdict: No, Reason: fmt.Sprintf("the Sentinel %s does not answer", address)}
	case s == nil:
		return Answer{Verdict: No, Reason: fmt.Sprintf("no Sentinel is %q: there are %s", address, strings.Join(known[:min(len(known), mostListed)], ", "))}
	case !s.Up():
		return Answer{Verdict: No, Reason: fmt.Sprintf("the Sentinel %s does not answer: %v", address, s.Err)}
	case s.Tilt():
		return Answer{Verdict: No, Reason: fmt.Sprintf("the Sentinel %s is in TILT", address)}
	}
	names := masterNames(fresh)
	if name != nil {
		if !slices.Contains(names, *name) {
			return Answer{Verdict: NoMaster, Reason: k.noMaster(*name, now)}
		}
		names = []string{*name}
	}
	for _, n := range names {
		if err := k.misleads(s, n, fresh); err != nil {
			return Answer{Verdict: No, Reason: fmt.Sprintf("the Sentinel %s would mislead clients of %s: %v", address, n, err)}
		}
	}
	return Answer{Verdict: Yes, Reason: fmt.Sprintf("the Sentinel %s may be given to clients", address)}
}

// misleads returns an error if a Sentinel does not give clients the master.
func (k *Keeper) misleads(s *sentinel.Snapshot, name string, fresh []*sentinel.Snapshot) error {
	m := s.Master(name)
	if m == nil {
		return sentinel.ErrNoSuchMaster
	}
	at, err := deployment.Locate(fresh, len(k.heard), name)
	switch {
	case errors.Is(err, deployment.ErrNoMajority):
		return err
	case m.ConfigEpoch.Or(-1) < at.Epoch:
		return fmt.Errorf("%w: its config-epoch is %d, another Sentinel's is %d", deployment.ErrOutdated, m.ConfigEpoch.Value, at.Epoch)
	case at.Node != nil && !m.AdvertisedNode().SameNode(at.Node).Value:
		return fmt.Errorf("it names %s, and most name %s", m.Advertised(), at.Node.Addr)
	}
	return nil
}

// sentinelAt returns what the Sentinel at an address has said, nil if nothing, and the addresses that are known.
func (k *Keeper) sentinelAt(address string, fresh []*sentinel.Snapshot) (s *sentinel.Snapshot, known []string) {
	at := make(map[string]string) // the id, by the address that is announced
	for _, s := range fresh {
		for i := range s.Masters {
			for _, p := range s.Masters[i].Peers {
				at[p.Addr] = p.RunID
			}
		}
	}
	for _, s := range fresh {
		if sentinel.SameAddress(s.Sentinel, address).Value || s.ID != "" && at[address] == s.ID {
			return s, nil
		}
	}
	asked := slices.Collect(maps.Keys(k.heard))
	known = slices.Concat(asked, slices.Collect(maps.Keys(at)))
	slices.Sort(known)
	return nil, slices.Compact(known)
}

// masterNames returns the names of all masters that are monitored.
func masterNames(snapshots []*sentinel.Snapshot) []string {
	names := make(map[string]bool)
	for _, s := range snapshots {
		for i := range s.Masters {
			names[s.Masters[i].Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// noMaster says that there is no such master, and which there are. The caller holds the lock.
func (k *Keeper) noMaster(name string, now time.Time) string {
	names := masterNames(k.fresh(now))
	if len(names) > mostListed {
		names = append(names[:mostListed], fmt.Sprintf("%d more", len(names)-mostListed))
	}
	return fmt.Sprintf("no Sentinel monitors a master %q: there are %s", name, strings.Join(names, ", "))
}
