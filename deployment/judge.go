package deployment

import (
	"fmt"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// judge returns the views of a master that discovery accepts, and why it rejects the other
// answers. Accepted views have the highest config-epoch of all, including views that are
// rejected, and are from Sentinels in TILT only if all of them are.
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
			err = fmt.Errorf("%w: the config-epoch is %d, another Sentinel's is %d", ErrOutdated, v.epoch(), epoch)
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

// masterFault returns an error if clients must not be given the address that the Sentinel
// advertises. While a failover reconfigures the replicas, that is the address of the promoted
// one, and the flags of the old master do not matter.
func masterFault(m *sentinel.Master, minOtherSentinels int) error {
	if err := tooFewPeers(m, minOtherSentinels); err != nil {
		return err
	}
	if !m.AdvertisedNode().HasAddr() {
		return fmt.Errorf("%w: the address is not known", ErrMasterDown)
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

// tooFewPeers returns an error if the Sentinel knows too few others.
func tooFewPeers(m *sentinel.Master, minOtherSentinels int) error {
	if n := m.NumOtherSentinels.Value; n < int64(minOtherSentinels) {
		return fmt.Errorf("%w: %d, where %d are asked for", ErrTooFewSentinels, n, minOtherSentinels)
	}
	return nil
}

// replicaFault returns an error if the Sentinel knows no usable replica.
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

// usableReplicas returns the replicas that clients can be given.
func usableReplicas(m *sentinel.Master) []sentinel.Replica {
	var usable []sentinel.Replica
	for i := range m.Replicas {
		if r := &m.Replicas[i]; isUsable(r) && r.Addr != m.Advertised() {
			usable = append(usable, *r)
		}
	}
	return usable
}

// isUsable reports whether the replica is up, connected, at a known address and really a
// replica. It must have sent INFO: after a failover the dead old master is listed as a
// replica, and not flagged as down until down-after has passed.
func isUsable(r *sentinel.Replica) bool {
	return r.HasAddr() && !r.Flags.Any(sentinel.FlagSDown|sentinel.FlagODown|sentinel.FlagDisconnected) && r.Informed() && r.RoleReported != sentinel.RoleMaster
}
