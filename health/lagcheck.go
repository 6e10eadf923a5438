package health

import (
	"fmt"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
)

// maxLag is how many bytes a replica may be behind.
const maxLag = 16 << 20

// An offset is the replication offset of a node at a moment between earliest and latest:
// a Sentinel gives the age of an offset at the time of its reply, which it made at some
// moment between our request and the arrival of the reply.
type offset struct {
	addr             string
	earliest, latest time.Time
	bytes            int64
}

func offsetOf(v deployment.View, addr string, age time.Duration, bytes int64) offset {
	earliest := v.Snapshot.Started.Add(-age)
	return offset{addr, earliest, earliest.Add(v.Snapshot.Duration), bytes}
}

// offsets returns all offsets that the Sentinels know. Each Sentinel asks a node every 10 s,
// so theirs are of different moments.
func (m *masterModel) offsets() []offset {
	var all []offset
	for _, v := range m.Views {
		for i := range v.Replicas {
			s := deployment.ReplicaView{Replica: &v.Replicas[i], By: v}
			if s.Live() && s.ReplOffset.Present && s.InfoRefresh.Present {
				all = append(all, offsetOf(v, s.Addr, s.InfoRefresh.Value, s.ReplOffset.Value))
			}
		}
		for _, c := range v.Cache {
			if c.RunID == v.RunID && v.RunID != "" && c.ReplOffset.Present && c.Age.Present {
				all = append(all, offsetOf(v, v.Addr, c.Age.Value, c.ReplOffset.Value))
			}
		}
	}
	return all
}

// lag returns how far a replica is certainly behind: behind what another node had
// at the same time or before. A node's later offset proves nothing: the replica
// may have reached it by now, too.
func lag(of offset, all []offset) (bytes int64, ahead string) {
	for _, other := range all {
		if other.addr != of.addr && !other.latest.After(of.earliest) && other.bytes-of.bytes > bytes {
			bytes, ahead = other.bytes-of.bytes, other.addr
		}
	}
	return bytes, ahead
}

func replicaLagging(m *masterModel) outcome {
	o := m.replicasKnown()
	if m.failingNow {
		return o
	}
	all := m.offsets()
	for _, group := range m.replicas {
		latest, known := latestOf(group[0].Addr, all)
		if !known || slices.ContainsFunc(group, func(s deployment.ReplicaView) bool { return considersDown(s) || !s.MasterLinkUp }) {
			continue // other checks report that
		}
		if bytes, ahead := lag(latest, all); bytes > maxLag {
			o.add(Finding{
				Severity: Warning, Node: latest.addr,
				Message: fmt.Sprintf("the replica %s is %s behind what %s had before", latest.addr, size(bytes), ahead),
				Look:    []string{redisCLI(latest.addr, "INFO", "replication")},
			}, witnesses(group, func(deployment.ReplicaView) bool { return true })...)
		}
	}
	return o
}

func latestOf(addr string, all []offset) (latest offset, known bool) {
	for _, o := range all {
		if o.addr == addr && (!known || o.earliest.After(latest.earliest)) {
			latest, known = o, true
		}
	}
	return latest, known
}
