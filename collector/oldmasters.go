package collector

import (
	"time"

	"redis_sentinel_exporter/sentinel"
)

// What a Sentinel says of the role that a node reports now, after "new reported role is".
const (
	becameMaster = "new reported role is master"
	// maxOldMasters bounds how many are followed at one time, whatever the network sends.
	maxOldMasters = 4096
)

// oldMasters adds up how long nodes beside the master were masters as well, and so took
// writes: an old master after a failover by hand, or one that has come back.
type oldMasters struct {
	since   map[nodeOf]oldMaster
	seconds map[string]float64 // by master
}

// A nodeOf is a node of a master, by its address.
type nodeOf struct{ master, address string }

// An oldMaster is one that takes writes now.
type oldMaster struct {
	at       time.Time
	sentinel string // who said so first
}

func newOldMasters() oldMasters {
	return oldMasters{since: make(map[nodeOf]oldMaster), seconds: make(map[string]float64)}
}

// event takes in what a Sentinel says of the role of a node. One that is being promoted
// becomes a master as well: then the switch to it follows, and it was no old one.
func (o *oldMasters) event(n *sentinel.StreamUpdate, master string) {
	if master == "" {
		return
	}
	key := nodeOf{master, n.Event.Address}
	switch n.Event.Name {
	case sentinel.EventSwitchMaster:
		delete(o.since, nodeOf{master, n.Event.NewAddress})
	case sentinel.EventRoleWrong:
		_, known := o.since[key]
		if n.Event.Kind == sentinel.RoleReplica && n.Event.Details == becameMaster && !known && len(o.since) < maxOldMasters {
			o.since[key] = oldMaster{n.Time, n.Sentinel}
		}
	case sentinel.EventConvertToReplica, sentinel.EventRoleRight:
		if old, known := o.since[key]; known && n.Event.Kind == sentinel.RoleReplica {
			o.seconds[master] += n.Time.Sub(old.at).Seconds()
			delete(o.since, key)
		}
	}
}

// gap gives up what a Sentinel began whose events may be missing.
func (o *oldMasters) gap(address string) {
	for key, old := range o.since {
		if old.sentinel == address {
			delete(o.since, key)
		}
	}
}

// forget drops all about a master.
func (o *oldMasters) forget(master string) {
	delete(o.seconds, master)
	for key := range o.since {
		if key.master == master {
			delete(o.since, key)
		}
	}
}
