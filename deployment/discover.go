package deployment

import (
	"cmp"
	"context"
	"slices"

	"redis_sentinel_exporter/sentinel"
)

// DiscoverOptions say which answers discovery accepts.
type DiscoverOptions struct {
	// MinOtherSentinels is how many other Sentinels a Sentinel must know for its answer to
	// count: one that is cut off, or has just been reset, may know none.
	MinOtherSentinels int
}

// A FoundMaster is the master that clients should write to.
type FoundMaster struct {
	Name        string
	Addr        string          // host:port
	ConfigEpoch sentinel.Number // the version of the answer; each failover raises it
	Sentinel    string          // the address of the Sentinel that gave the answer
	// Tilt is true if only Sentinels in TILT had an answer. They do not notice when
	// a master goes down.
	Tilt bool
}

// FoundReplicas are the replicas that clients can read from.
type FoundReplicas struct {
	Name string
	// Replicas are up and connected to the Sentinel, sorted by address. They may
	// lag, or have lost the master: see MasterLinkUp and ReplOffset.
	Replicas    []sentinel.Replica
	ConfigEpoch sentinel.Number
	Sentinel    string
	Tilt        bool // as in FoundMaster
}

// DiscoverMaster asks all Sentinels at once for the address of a master.
//
// An answer counts if its Sentinel has the highest config-epoch, considers the master up and
// in its role, and knows enough other Sentinels. Of the answers that count the most common
// address wins. During a failover that is the promoted replica as soon as a Sentinel
// advertises it. The error is a *DiscoveryError.
//
// DiscoverMaster does not wait for all Sentinels. A majority (of all that any of them knows,
// and of all asked) cannot have missed a failover that is over, so their answers are enough,
// if one of them counts. The others then get only as much time again as these took, so a
// hung Sentinel costs little. Without a majority an answer may be from a Sentinel that is
// cut off from the others, so DiscoverMaster waits until all have answered or ctx ends.
func (d *Deployment) DiscoverMaster(ctx context.Context, name string, o DiscoverOptions) (*FoundMaster, error) {
	answer, err := d.discover(ctx, name, func(m *sentinel.Master) error { return masterFault(m, o.MinOtherSentinels) })
	if err != nil {
		return nil, err
	}
	return &FoundMaster{
		Name:        name,
		Addr:        answer.Advertised(),
		ConfigEpoch: answer.ConfigEpoch,
		Sentinel:    answer.Snapshot.Sentinel,
		Tilt:        answer.Snapshot.Tilt(),
	}, nil
}

// DiscoverReplicas asks all Sentinels at once for the usable replicas of a master,
// whatever the state of the master. It chooses among answers and waits for them as
// DiscoverMaster does. If there is no usable replica, the error is a *DiscoveryError.
func (d *Deployment) DiscoverReplicas(ctx context.Context, name string, o DiscoverOptions) (*FoundReplicas, error) {
	answer, err := d.discover(ctx, name, func(m *sentinel.Master) error { return replicaFault(m, o.MinOtherSentinels) })
	if err != nil {
		return nil, err
	}
	replicas := usableReplicas(answer.Master)
	slices.SortFunc(replicas, func(a, b sentinel.Replica) int { return cmp.Compare(a.Addr, b.Addr) })
	return &FoundReplicas{
		Name:        name,
		Replicas:    replicas,
		ConfigEpoch: answer.ConfigEpoch,
		Sentinel:    answer.Snapshot.Sentinel,
		Tilt:        answer.Snapshot.Tilt(),
	}, nil
}

// discover returns the answer to use, and prefers its Sentinel from now on.
func (d *Deployment) discover(ctx context.Context, name string, fault func(*sentinel.Master) error) (View, error) {
	ask := func(ctx context.Context, c *sentinel.Client) *sentinel.Snapshot { return c.LookUp(ctx, name) }
	enough := func(answered []*sentinel.Snapshot, asked int) bool {
		taken, _ := judge(answered, name, fault)
		return len(taken) > 0 && !taken[0].Snapshot.Tilt() && majorityHasAnswered(ViewsOf(answered, name), asked)
	}
	taken, refused := judge(d.inPreference(d.fanOut(ctx, ask, enough)), name, fault)
	if len(taken) == 0 {
		return View{}, &DiscoveryError{Name: name, Said: refused}
	}
	answer := agreed(taken)[0]
	d.prefer(answer.Snapshot.Sentinel)
	return answer, nil
}

// inPreference sorts the answers of preferred Sentinels to the front.
func (d *Deployment) inPreference(snapshots []*sentinel.Snapshot) []*sentinel.Snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	rank := func(s *sentinel.Snapshot) int {
		if i := slices.Index(d.preferred, s.Sentinel); i >= 0 {
			return i
		}
		return len(d.preferred)
	}
	slices.SortStableFunc(snapshots, func(a, b *sentinel.Snapshot) int { return cmp.Compare(rank(a), rank(b)) })
	return snapshots
}
