package sentinel

import "fmt"

// A CachedInfo is the INFO of a node in the cache of a Sentinel. It is up to 10 s old, or
// older if the node is down. INFO-CACHE has no addresses: RunID identifies the node.
type CachedInfo struct {
	Age           Duration // since the Sentinel received it
	RunID         string
	Version       string // the product's own
	Product       string // "redis" or "valkey"
	Role          string // RoleMaster or RoleReplica
	ReplicationID string
	ReplOffset    Number // bytes
}

// parseInfoCache parses the reply to SENTINEL INFO-CACHE for one master: its name, and an
// array of pairs of age in milliseconds and INFO. The INFO of a node that never answered is
// nil, and left out. The master comes first, the replicas in no order. For a name that
// the Sentinel does not know the reply is an empty array.
func parseInfoCache(raw, name string) ([]CachedInfo, error) {
	r := reply{raw}
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
	list := make([]CachedInfo, 0, r.capacity(nodes, minInstance))
	for range nodes {
		cached, err := readCachedInfo(&r)
		if err != nil {
			return nil, err
		}
		if cached != nil {
			list = append(list, *cached)
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
	case "master_replid":
		c.ReplicationID = value
	case "master_repl_offset":
		c.ReplOffset, err = number(name, value)
	}
	return err
}
