package deployment

import (
	"math"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// An Offset is the replication offset of a node at a moment between two times: a Sentinel
// gives the age of an offset at the time of its reply, which it made at some moment between
// our request and the arrival of the reply.
type Offset struct {
	Addr             string
	Bytes            int64
	earliest, latest time.Time
}

func offsetOf(v View, addr string, age time.Duration, bytes int64) Offset {
	earliest := v.Snapshot.Started.Add(-age)
	return Offset{addr, bytes, earliest, earliest.Add(v.Snapshot.Duration)}
}

// Offsets returns all offsets of a master and its replicas that the Sentinels know. Each Sentinel
// asks a node every 10 s, so theirs are of different moments.
func Offsets(views []View) []Offset {
	most := 0
	for _, v := range views {
		most += len(v.Replicas) + len(v.Cache)
	}
	all := make([]Offset, 0, most)
	for _, v := range views {
		for i := range v.Replicas {
			r := &v.Replicas[i]
			if r.Live() && r.ReplOffset.Present && r.InfoRefresh.Present {
				all = append(all, offsetOf(v, r.Addr, r.InfoRefresh.Value, r.ReplOffset.Value))
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

// Apart returns how far the offsets are apart that the Sentinels know of a master and its replicas, of whatever
// time they are: no node is further behind another one.
func Apart(views []View) int64 {
	least, most := int64(math.MaxInt64), int64(0)
	consider := func(n sentinel.Number) {
		if n.Present {
			least, most = min(least, n.Value), max(most, n.Value)
		}
	}
	for _, v := range views {
		for i := range v.Replicas {
			consider(v.Replicas[i].ReplOffset)
		}
		for i := range v.Cache {
			consider(v.Cache[i].ReplOffset)
		}
	}
	if least < 0 { // which no node says, and the difference may not fit
		return math.MaxInt64
	}
	return max(0, most-least)
}

// LatestOffset returns the latest offset of a node, and whether there is one.
func LatestOffset(addr string, all []Offset) (latest Offset, known bool) {
	for _, o := range all {
		if o.Addr == addr && (!known || o.earliest.After(latest.earliest)) {
			latest, known = o, true
		}
	}
	return latest, known
}

// Behind returns how far a node is certainly behind, and which node it is behind: what that one
// had at the same time or before. A node's later offset proves nothing: the other may have
// reached it by now, too.
func (o Offset) Behind(all []Offset) (bytes int64, ahead string) {
	for _, other := range all {
		if other.Addr != o.Addr && !other.latest.After(o.earliest) && other.Bytes-o.Bytes > bytes {
			bytes, ahead = other.Bytes-o.Bytes, other.Addr
		}
	}
	return bytes, ahead
}
