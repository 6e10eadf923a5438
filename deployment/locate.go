package deployment

import (
	"cmp"
	"errors"
	"fmt"

	"redis_sentinel_exporter/sentinel"
)

// The reasons for which nobody can say which node is a master. The error of [Locate] wraps
// one of them with details; use errors.Is.
var (
	ErrNoMajority   = errors.New("too few Sentinels answer to be sure")
	ErrMoving       = errors.New("a failover is under way")
	ErrDisagreement = errors.New("the Sentinels do not agree on the master")
)

// A Location is where a master is, as far as its Sentinels know.
type Location struct {
	// Node is the node that may take writes; nil if nobody can tell. With [ErrMoving] it is the
	// old master, if the other Sentinels consider it up.
	Node *sentinel.Instance
	// Epoch is the highest config-epoch of all views: the version of the answer; -1 if no
	// Sentinel has one.
	Epoch int64
	// Majority is true if most of all Sentinels have named the Node, not only those that know of
	// the latest failover.
	Majority bool
	// Views are the authoritative views; nil if no Sentinel that has answered monitors the master.
	Views []View
}

// Locate says which node may take the writes of a master, by the rules of
// [Deployment.DiscoverMaster] and two more: a majority of the Sentinels must have answered, and
// no node may take writes from the moment when a failover chooses a replica until that one is a
// master: what the old master is sent meanwhile is lost. asked is the number of Sentinels
// that were asked. The Location has what is known even if there is an error, which is
// [sentinel.ErrNoSuchMaster] if a majority has answered and does not monitor the master, or wraps
// [ErrNoMajority], [ErrMoving], [ErrDisagreement] or the reasons of [Rejection].
func Locate(snapshots []*sentinel.Snapshot, asked int, name string) (Location, error) {
	views := ViewsOf(snapshots, name)
	if len(views) == 0 {
		if n := answered(snapshots); 2*n <= asked {
			return Location{Epoch: -1}, fmt.Errorf("%w: %d of %d", ErrNoMajority, n, asked)
		}
		return Location{Epoch: -1}, sentinel.ErrNoSuchMaster
	}
	at := Location{Epoch: newestEpoch(views), Views: Authoritative(views)}
	if !majorityHasAnswered(views, asked) {
		return at, fmt.Errorf("%w: %d", ErrNoMajority, len(views))
	}
	taken, refused := judge(snapshots, name, func(m *sentinel.Master) error { return masterFault(m, 0) })
	moving := failoverUnderWay(newest(views))
	if len(taken) == 0 {
		return at, cmp.Or(moving, error(&DiscoveryError{Name: name, Said: refused}))
	}
	most := agreed(taken)
	if 2*len(most) <= len(taken) {
		a, b := most[0], other(taken, most[0])
		return at, fmt.Errorf("%w: %s according to %s, %s according to %s", ErrDisagreement,
			a.Advertised(), a.Snapshot.Sentinel, b.Advertised(), b.Snapshot.Sentinel)
	}
	at.Node = most[0].AdvertisedNode()
	at.Majority = majorityHasAnswered(most, asked)
	return at, moving
}

// answered counts the Sentinels that have answered.
func answered(snapshots []*sentinel.Snapshot) int {
	n := 0
	for _, s := range snapshots {
		if s.Up() {
			n++
		}
	}
	return n
}

// failoverUnderWay returns ErrMoving if a Sentinel leads a failover that has not made a replica
// the master yet. One that waits for votes leads none.
func failoverUnderWay(views []View) error {
	for _, v := range views {
		if v.Flags.Has(sentinel.FlagFailoverInProgress) &&
			v.FailoverState >= sentinel.FailoverSelectReplica && v.FailoverState <= sentinel.FailoverWaitPromotion {
			return fmt.Errorf("%w, led by %s", ErrMoving, v.Snapshot.Sentinel)
		}
	}
	return nil
}

// other returns a view that names another node.
func other(views []View, than View) View {
	for _, v := range views {
		if v.Advertised() != than.Advertised() && !v.AdvertisedNode().SameNode(than.AdvertisedNode()).Value {
			return v
		}
	}
	return than
}
