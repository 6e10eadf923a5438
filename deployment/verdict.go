package deployment

import (
	"errors"
	"fmt"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// Why discovery does not take what a Sentinel says. They are wrapped with the
// particulars in the [Rejection] of a [*DiscoveryError]; use errors.Is.
var (
	ErrOutdated        = errors.New("missed a failover")
	ErrMasterDown      = errors.New("considers the master down")
	ErrRoleMismatch    = errors.New("the node it names as the master reports that it is a replica")
	ErrTooFewSentinels = errors.New("knows too few other Sentinels")
	ErrNoReplica       = errors.New("knows no usable replica")
)

// A Rejection is what one Sentinel said that was of no use.
type Rejection struct {
	Sentinel string // the address asked
	Err      error  // an [*Error] when it did not answer, else why its answer was not taken
}

// A DiscoveryError says what each Sentinel said when none said anything of use.
// errors.Is and errors.As look into all of it.
type DiscoveryError struct {
	Name string // of the master
	Said []Rejection
}

// Error names each Sentinel with what it said.
func (e *DiscoveryError) Error() string {
	said := make([]string, len(e.Said))
	for i, r := range e.Said {
		said[i] = r.String()
	}
	return fmt.Sprintf("nothing usable is known of master %q: %s", e.Name, strings.Join(said, "; "))
}

// String names the Sentinel once.
func (r Rejection) String() string {
	var unanswered *sentinel.Error
	if errors.As(r.Err, &unanswered) && unanswered.Sentinel == r.Sentinel {
		return r.Err.Error()
	}
	return fmt.Sprintf("sentinel %s: %v", r.Sentinel, r.Err)
}

// Unwrap returns the errors of all Sentinels.
func (e *DiscoveryError) Unwrap() []error {
	errs := make([]error, len(e.Said))
	for i, r := range e.Said {
		errs[i] = r.Err
	}
	return errs
}

// judge divides what the Sentinels say of a master into what may be taken and why
// the rest may not. What is taken has the highest config-epoch that any Sentinel
// knows, also one whose answer is of no use otherwise, and comes from Sentinels in
// TILT only when all of it does.
func judge(snapshots []*sentinel.Snapshot, name string, fault func(*sentinel.Master) error) (taken []View, refused []Rejection) {
	epoch := newestEpoch(ViewsOf(snapshots, name))
	for _, s := range snapshots {
		err := s.Err
		var m *sentinel.Master
		if err == nil {
			if m = s.Master(name); m == nil {
				err = sentinel.ErrNoSuchMaster
			}
		}
		v := View{m, s}
		switch {
		case err != nil:
		case v.epoch() < epoch:
			err = fmt.Errorf("%w: its config-epoch is %d, another's %d", ErrOutdated, v.epoch(), epoch)
		default:
			err = fault(m)
		}
		if err != nil {
			refused = append(refused, Rejection{s.Sentinel, err})
			continue
		}
		taken = append(taken, v)
	}
	return outOfTilt(taken), refused
}

// masterFault says why the address that the Sentinel advertises is not to be
// given to a client. While a failover reconfigures the replicas that is the
// promoted one, and the flags of the old master say nothing about it.
func masterFault(m *sentinel.Master, minOtherSentinels int) error {
	if err := tooFewPeers(m, minOtherSentinels); err != nil {
		return err
	}
	if !m.AdvertisedNode().HasAddr() {
		return fmt.Errorf("%w: its address is not known", ErrMasterDown)
	}
	if p := m.Promoted(); p != nil {
		if p.Flags.Any(sentinel.FlagSDown) {
			return fmt.Errorf("%w: the promoted replica %s has the flags %s", ErrMasterDown, p.Addr, p.Flags)
		}
		return nil
	}
	switch {
	case m.Flags.Any(sentinel.FlagSDown | sentinel.FlagODown):
		return fmt.Errorf("%w: %s has the flags %s", ErrMasterDown, m.Addr, m.Flags)
	case m.RoleReported == sentinel.RoleReplica:
		return fmt.Errorf("%w: %s", ErrRoleMismatch, m.Addr)
	}
	return nil
}

// tooFewPeers says that the Sentinel knows fewer others than it should.
func tooFewPeers(m *sentinel.Master, minOtherSentinels int) error {
	if n := m.NumOtherSentinels.Value; n < int64(minOtherSentinels) {
		return fmt.Errorf("%w: %d, where %d are asked for", ErrTooFewSentinels, n, minOtherSentinels)
	}
	return nil
}

// replicaFault says why the replicas that the Sentinel knows are of no use.
func replicaFault(m *sentinel.Master, minOtherSentinels int) error {
	if err := tooFewPeers(m, minOtherSentinels); err != nil {
		return err
	}
	if m.ReplicasErr != nil {
		return m.ReplicasErr
	}
	if len(usableReplicas(m)) > 0 {
		return nil
	}
	if len(m.Replicas) == 0 {
		return fmt.Errorf("%w: none at all", ErrNoReplica)
	}
	states := make([]string, len(m.Replicas))
	for i := range m.Replicas {
		states[i] = fmt.Sprintf("%s has the flags %s", m.Replicas[i].Addr, m.Replicas[i].Flags)
	}
	return fmt.Errorf("%w: %s", ErrNoReplica, strings.Join(states, ", "))
}

// usableReplicas are those that a client can be given.
func usableReplicas(m *sentinel.Master) []sentinel.Replica {
	var usable []sentinel.Replica
	for i := range m.Replicas {
		if r := &m.Replicas[i]; isUsable(r) && r.Addr != m.Advertised() {
			usable = append(usable, *r)
		}
	}
	return usable
}

// isUsable reports whether the replica is up, connected, at a known address and one. After a failover the
// old master is listed as a replica, and down-after must pass before it is held to
// be down: until its first INFO nothing is known of it.
func isUsable(r *sentinel.Replica) bool {
	return r.HasAddr() && !r.Flags.Any(sentinel.FlagSDown|sentinel.FlagODown|sentinel.FlagDisconnected) && r.Informed() && r.RoleReported != sentinel.RoleMaster
}
