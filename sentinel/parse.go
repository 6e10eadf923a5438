package sentinel

import (
	"fmt"
	"strings"
	"time"

	"redis_sentinel_exporter/internal/printable"
)

// minInstance is less than the number of bytes of any entry of MASTERS, REPLICAS or
// SENTINELS. It limits how many entries a reply of a given length can have.
const minInstance = 64

// What a Sentinel may list at most. Nobody has as much.
const (
	maxMasters = 10_000
	maxEntries = 1_000  // replicas of a master, peers, or scripts
	maxAll     = 50_000 // replicas and peers of all masters together
)

// instances parses an array of entries, which are so many at most.
func instances[T any](r *reply, what string, most int, read func(*reply, *T) error) ([]T, error) {
	n, err := r.array()
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, fmt.Errorf("%w: nil where a list should be", errMalformed)
	}
	if n > most {
		return nil, fmt.Errorf("%w: it has %d %s, more than %d", errMalformed, n, what, most)
	}
	list := make([]T, 0, r.capacity(n, minInstance))
	for range n {
		var entry T
		list = append(list, entry)
		if err := read(r, &list[len(list)-1]); err != nil {
			return nil, err
		}
	}
	return list, r.end()
}

func parseMasters(raw string) ([]Master, error) { return readMasters(&reply{rest: raw}) }

func parseReplicas(raw string) ([]Replica, error) { return readReplicas(&reply{rest: raw}) }

func parsePeers(raw string) ([]Peer, error) { return readPeers(&reply{rest: raw}) }

func readMasters(r *reply) ([]Master, error) {
	return instances(r, "masters", maxMasters, readMaster)
}

func readReplicas(r *reply) ([]Replica, error) {
	return instances(r, "replicas", maxEntries, readReplica)
}

func readPeers(r *reply) ([]Peer, error) {
	return instances(r, "peers", maxEntries, readPeer)
}

func parseMaster(raw string) (*Master, error) {
	r := reply{rest: raw}
	var m Master
	if err := readMaster(&r, &m); err != nil {
		return nil, err
	}
	return &m, r.end()
}

// maxName bounds the name of a master, in bytes: what a Sentinel publishes about one
// ends there.
const maxName = 1024

func readMaster(r *reply, m *Master) error {
	if err := r.fields(m.set); err != nil {
		return err
	}
	if len(m.Name) > maxName {
		return fmt.Errorf("%w: the name %q has over %d bytes", errMalformed, clip(m.Name), maxName)
	}
	m.keep(r.copies)
	return m.check(FlagMaster)
}

func readReplica(r *reply, rep *Replica) error {
	if err := r.fields(rep.set); err != nil {
		return err
	}
	rep.keep(r.copies)
	if rep.Host == "" {
		rep.Addr = printable.Clip(rep.Name, maxHost)
	}
	return rep.check(FlagReplica)
}

func readPeer(r *reply, p *Peer) error {
	if err := r.fields(p.set); err != nil {
		return err
	}
	p.keep(r.copies)
	return p.check(FlagSentinel)
}

// check checks the fields that every entry must have. The name is not checked: that of a master may be empty.
func (in *Instance) check(kind Flags) error {
	if !in.Flags.Has(kind) || in.Port == "" {
		return fmt.Errorf("%w: the entry %q has flags %q and port %q", errMalformed, clip(in.Name), in.Flags, clip(in.Port))
	}
	if in.Host != "" && !isHost(in.Host) {
		return fmt.Errorf("%w: the entry %q has the host %q, which is neither a name nor an address", errMalformed, clip(in.Name), clip(in.Host))
	}
	return nil
}

// maxUnknown bounds how many unknown fields and flags are kept of an entry.
const maxUnknown = 32

// set sets a field that masters, replicas and peers have in common.
func (in *Instance) set(name, value string) (err error) {
	switch name {
	case "name":
		in.Name = value
	case "ip":
		in.Host = value
	case "port":
		in.Port = value
		_, err = number(name, value)
	case "runid":
		in.RunID = value
	case "flags":
		in.Flags, in.UnknownFlags = parseFlags(value)
	case "link-pending-commands":
		in.LinkPendingCommands, err = number(name, value)
	case "link-refcount":
		in.LinkRefcount, err = number(name, value)
	case "last-ping-sent":
		in.LastPingSent, err = millis(name, value)
	case "last-ok-ping-reply":
		in.LastOKPingReply, err = millis(name, value)
	case "last-ping-reply":
		in.LastPingReply, err = millis(name, value)
	case "s-down-time":
		in.SDownTime, err = millis(name, value)
	case "down-after-milliseconds":
		in.DownAfter, err = millis(name, value)
	default:
		if in.Unknown == nil {
			in.Unknown = make(map[string]string)
		}
		if len(in.Unknown) < maxUnknown {
			in.Unknown[strings.Clone(name)] = strings.Clone(value)
		}
	}
	return err
}

func (m *Master) set(name, value string) (err error) {
	switch name {
	case "o-down-time":
		m.ODownTime, err = millis(name, value)
	case "failover-state":
		m.FailoverState = parseFailoverState(value)
	case "info-refresh":
		m.InfoRefresh, err = sinceInfo(name, value)
	case "role-reported":
		m.RoleReported = value
	case "role-reported-time":
		m.RoleReportedTime, err = millis(name, value)
	case "config-epoch":
		m.ConfigEpoch, err = number(name, value)
	case "num-slaves":
		m.NumReplicas, err = number(name, value)
	case "num-other-sentinels":
		m.NumOtherSentinels, err = number(name, value)
	case "quorum":
		m.Quorum, err = number(name, value)
	case "failover-timeout":
		m.FailoverTimeout, err = millis(name, value)
	case "parallel-syncs":
		m.ParallelSyncs, err = number(name, value)
	case "notification-script":
		m.NotificationScript = value
	case "client-reconfig-script":
		m.ReconfigScript = value
	default:
		err = m.Instance.set(name, value)
	}
	return err
}

func (r *Replica) set(name, value string) (err error) {
	switch name {
	case "info-refresh":
		r.InfoRefresh, err = sinceInfo(name, value)
	case "role-reported":
		r.RoleReported = value
	case "role-reported-time":
		r.RoleReportedTime, err = millis(name, value)
	case "master-link-down-time":
		err = r.setLinkDown(name, value)
	case "master-link-status":
		r.MasterLinkUp = value == "ok"
	case "master-host":
		// It is what stands in the configuration of the replica: a mistake there is none
		// of the Sentinel's.
		r.MasterHost = printable.Clip(value, maxHost)
	case "master-port":
		r.MasterPort = value
	case "slave-priority":
		r.Priority, err = number(name, value)
	case "slave-repl-offset":
		r.ReplOffset, err = number(name, value)
	case "replica-announced":
		// Always 1: REPLICAS leaves out replicas that are not announced.
	default:
		err = r.Instance.set(name, value)
	}
	return err
}

// never is an age that means that something has never happened: before 6.2 Sentinel then sends
// the time since 1970.
const never = 30 * 365 * 24 * time.Hour

// sinceInfo reads info-refresh. Before the first INFO it is 0, as newer Sentinels send it.
func sinceInfo(name, value string) (Duration, error) {
	age, err := millis(name, value)
	if age.Value >= never {
		age.Value = 0
	}
	return age, err
}

// setLinkDown sets MasterLinkDownTime, unless the link was never up.
func (r *Replica) setLinkDown(name, value string) error {
	age, err := millis(name, value)
	if err != nil {
		return err
	}
	if age.Value >= 0 && age.Value < never {
		r.MasterLinkDownTime = age
	}
	r.downSince1970 = age.Value >= never
	return nil
}

func (p *Peer) set(name, value string) (err error) {
	switch name {
	case "last-hello-message":
		p.LastHello, err = millis(name, value)
	case "voted-leader":
		p.VotedLeader = value
	case "voted-leader-epoch":
		p.VotedLeaderEpoch, err = number(name, value)
	default:
		err = p.Instance.set(name, value)
	}
	return err
}
