package sentinel

import (
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"
)

// A CachedInfo is the INFO of a node in the cache of a Sentinel. It is up to 10 s old, or
// older if the node is down. INFO-CACHE has no addresses: RunID identifies the node.
type CachedInfo struct {
	Age           Duration // since the Sentinel received it
	RunID         string
	Version       string // the product's own
	Product       string // "redis" or "valkey"
	Role          string // RoleMaster or RoleReplica
	MasterAddr    string // of a replica: the address that it follows, host:port
	ReplicationID string
	ReplOffset    Number // bytes
	// SecondReplOffset is the first byte of a promoted replica's own history: what its former
	// master had sent before is what it has of it.
	SecondReplOffset Number
	Uptime           Duration // of the process, when it made this INFO
	Keys             int64    // in all databases
	Expiring         int64    // keys that expire, in all databases

	// UsedMemory counts for MaxMemory, in bytes, without what does not (buffers of replicas); MaxMemory is 0 without a limit.
	UsedMemory      Number
	MaxMemory       Number
	MaxMemoryPolicy string

	// Loading: the node reads its data from its disk, or what its master sends it, and
	// answers LOADING to nearly all commands. LoadedPercent is how far it has come.
	Loading       bool
	LoadedPercent Optional[float64] // absent when it does not load
	// GoodReplicas are those of a master that count for its min-replicas-to-write; absent
	// where that is 0, or min-replicas-max-lag is.
	GoodReplicas Number
	// Attached are the replicas that a master lists, in its order.
	Attached []AttachedReplica

	// FailoverState is that of a FAILOVER of the node's own: "no-failover",
	// "waiting-for-sync" or "failover-in-progress"; empty before Redis 6.2.
	FailoverState string
	// PausedReason says why the node keeps clients waiting: "none", "client_pause" or
	// "failover_in_progress"; empty where INFO does not tell (Redis, Valkey before 8.1).
	PausedReason string
	// PausedFor is how long that was to last when the node sent this; of a pause without an end,
	// as of FAILOVER without TIMEOUT, the longest time there is.
	PausedFor Duration
}

// An AttachedReplica is a replica as its master lists it.
type AttachedReplica struct {
	Addr       string   // as the replica announces it, host:port; the port is 0 where it announces none
	Online     bool     // not in a full synchronization
	ReplOffset Number   // bytes that it has acknowledged
	Lag        Duration // since its last acknowledgement, in whole seconds
}

// CachedInfo returns what INFO-CACHE holds of a node, by its run id; nil when it holds
// nothing or was not asked for. After a switch it has two INFOs of the old master: the
// newer counts.
func (m *Master) CachedInfo(in *Instance) *CachedInfo {
	var newest *CachedInfo
	for i := range m.Cache {
		c := &m.Cache[i]
		if in.RunID != "" && c.RunID == in.RunID && (newest == nil || c.Age.Value < newest.Age.Value) {
			newest = c
		}
	}
	return newest
}

// parseInfoCache parses the reply to SENTINEL INFO-CACHE for one master: its name, and an
// array of pairs of age in milliseconds and INFO. The INFO of a node that never answered is
// nil, and left out. The master comes first, the replicas in no order. For a name that
// the Sentinel does not know the reply is an empty array.
func parseInfoCache(raw, name string) ([]CachedInfo, error) {
	r := reply{rest: raw}
	n, err := r.array()
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, ErrNoSuchMaster
	}
	if got, err := r.text(); n != 2 || err != nil || got != name {
		return nil, fmt.Errorf("%w: INFO-CACHE of %q has %d elements, the first %q", errMalformed, clip(name), n, clip(got))
	}
	nodes, err := r.array()
	if err != nil {
		return nil, err
	}
	if nodes > 2*maxEntries { // a node has two for a time after a switch
		return nil, fmt.Errorf("%w: INFO-CACHE of %q has %d nodes, more than %d", errMalformed, clip(name), nodes, 2*maxEntries)
	}
	list := make([]CachedInfo, 0, r.capacity(nodes, minInstance))
	attached := 0
	for range nodes {
		cached, err := readCachedInfo(&r)
		if err != nil {
			return nil, err
		}
		if cached == nil {
			continue
		}
		list = append(list, *cached)
		if attached += len(cached.Attached); attached > 2*maxEntries {
			return nil, fmt.Errorf("%w: in INFO-CACHE of %q nodes have over %d replicas", errMalformed, clip(name), 2*maxEntries)
		}
	}
	return list, r.end()
}

func readCachedInfo(r *reply) (*CachedInfo, error) {
	if n, err := r.array(); err != nil || n != 2 {
		return nil, fmt.Errorf("%w: a node of INFO-CACHE is no pair", errMalformed)
	}
	age, err := r.text()
	if err != nil {
		return nil, err
	}
	if r.isNil() {
		return nil, nil
	}
	text, err := r.text()
	if err != nil {
		return nil, err
	}
	cached := &CachedInfo{Product: "redis"}
	if cached.Age, err = millis("age", age); err != nil {
		return nil, err
	}
	if err := infoLines(text, cached.set); err != nil {
		return nil, err
	}
	return cached, nil
}

func (c *CachedInfo) set(name, value string) (err error) {
	switch name {
	case "redis_version", "valkey_version":
		setVersion(name, value, &c.Product, &c.Version)
	case "run_id":
		c.RunID = value
	case "role":
		c.Role = value
	case "master_host":
		c.MasterAddr = value // the port comes next
	case "master_port":
		c.MasterAddr = net.JoinHostPort(c.MasterAddr, value)
	case "used_memory":
		c.UsedMemory, err = number(name, value)
	case "mem_not_counted_for_evict":
		var not Number
		not, err = number(name, value)
		c.UsedMemory.Value -= not.Value
	case "maxmemory":
		c.MaxMemory, err = number(name, value)
	case "maxmemory_policy":
		c.MaxMemoryPolicy = value
	case "master_replid":
		c.ReplicationID = value
	case "second_repl_offset":
		c.SecondReplOffset, err = number(name, value)
	case "master_failover_state":
		c.FailoverState = value
	case "paused_reason":
		c.PausedReason = value
	case "paused_timeout_milliseconds":
		c.PausedFor, err = pause(name, value)
	case "master_repl_offset":
		c.ReplOffset, err = number(name, value)
	case "uptime_in_seconds":
		c.Uptime, err = seconds(name, value)
	case "loading":
		c.Loading = value == "1"
	case "loading_loaded_perc":
		if percent, err := strconv.ParseFloat(value, 64); err == nil {
			c.LoadedPercent = Some(percent)
		}
	case "min_slaves_good_slaves":
		c.GoodReplicas, err = number(name, value)
	default:
		if number, found := strings.CutPrefix(name, "slave"); found && isDigits(number) && len(c.Attached) < maxEntries {
			c.Attached = append(c.Attached, ParseAttachedReplica(value))
		}
		if number, found := strings.CutPrefix(name, "db"); found && isDigits(number) {
			keys, expiring := parseKeys(value)
			c.Keys, c.Expiring = c.Keys+keys, c.Expiring+expiring
		}
	}
	return err
}

// pause parses how long clients wait. For a pause without an end Valkey 9.1 counts the
// milliseconds to the end of its clock: more than a [time.Duration] can be.
func pause(name, value string) (Duration, error) {
	n, err := number(name, value)
	if err != nil {
		return Duration{}, err
	}
	if n.Value > math.MaxInt64/int64(time.Millisecond) {
		return Some[time.Duration](math.MaxInt64), nil
	}
	return millis(name, value)
}

// ParseAttachedReplica reads the value of a line such as
// slave0:ip=10.0.0.11,port=6379,state=online,offset=14,lag=0. What cannot be read is as
// good as absent.
func ParseAttachedReplica(value string) AttachedReplica {
	var r AttachedReplica
	var host, port string
	for part := range strings.SplitSeq(value, ",") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "ip":
			host = value
		case "port":
			port = value
		case "state":
			r.Online = value == "online"
		case "offset":
			r.ReplOffset, _ = number(name, value)
		case "lag":
			r.Lag, _ = seconds(name, value)
		}
	}
	r.Addr = net.JoinHostPort(host, port)
	return r
}

// parseKeys reads the value of a line such as db0:keys=3,expires=0,avg_ttl=0, which a database
// without keys does not have. What cannot be read is as good as absent.
func parseKeys(value string) (keys, expiring int64) {
	for part := range strings.SplitSeq(value, ",") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "keys":
			keys = parseCount(value)
		case "expires":
			expiring = parseCount(value)
		}
	}
	return keys, expiring
}

func parseCount(s string) int64 {
	n, err := strconv.ParseUint(s, 10, 48)
	if err != nil {
		return 0
	}
	return int64(n)
}

// Full reports whether the node has no memory left that it may use and can evict nothing: it refuses commands that need some (OOM).
func (c *CachedInfo) Full() bool {
	if c.MaxMemory.Value <= 0 || c.UsedMemory.Value <= c.MaxMemory.Value {
		return false
	}
	return c.MaxMemoryPolicy == "noeviction" || strings.HasPrefix(c.MaxMemoryPolicy, "volatile-") && c.Expiring == 0
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c < '0' || c > '9' })
}
