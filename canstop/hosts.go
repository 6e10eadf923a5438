package canstop

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// A HostMap names the machine, or the zone, that an address is on, by host:port or by
// the host alone. It is for what the Sentinels cannot know.
type HostMap map[string]string

// A hostID is a machine of a deployment.
type hostID int

// hosts numbers the machines of a deployment. Several names and addresses can be one.
type hosts struct {
	mapping HostMap
	ids     map[hostKey]hostID
	at      map[string]hostID // by host, as it is written
	parent  []hostID          // of one that was joined to another, that other
	keys    []hostKey         // by hostID, the first key each was known by
}

// A hostKey is how a machine is called.
type hostKey struct {
	name  string // an IP address, a host name, or a machine of the map; empty if not known
	class class
}

// A class is what a name of a machine is.
type class int

const (
	nowhere   class = iota // the host is not known
	named                  // by a host name
	addressed              // by an IP address
	mapped                 // by the map
)

// newHosts has room for so many machines.
func newHosts(mapping HostMap, room int) *hosts {
	return &hosts{
		mapping: mapping, ids: make(map[hostKey]hostID, room), at: make(map[string]hostID, room),
		parent: make([]hostID, 0, room), keys: make([]hostKey, 0, room),
	}
}

// of returns the machine of an address, as host:port. The host may be missing.
func (h *hosts) of(addr string) hostID {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = ""
	}
	return h.ofNode(addr, host)
}

// ofNode returns the machine of an address with this host.
func (h *hosts) ofNode(addr, host string) hostID {
	if machine, found := h.mapping[addr]; found {
		return h.id(hostKey{machine, mapped})
	}
	return h.named(host)
}

// named returns the machine that a host is.
func (h *hosts) named(host string) hostID {
	id, found := h.at[host]
	if !found {
		if machine, isMapped := h.mapping[host]; isMapped {
			id = h.id(hostKey{machine, mapped})
		} else {
			id = h.id(keyOf(host))
		}
		h.at[host] = id
	}
	return h.root(id)
}

// localhost is what is called so, by whatever address.
const localhost = "127.0.0.1"

// keyOf is how a host is compared: an IP address in one spelling, a name in lower case.
func keyOf(host string) hostKey {
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return keyOfName(host)
	case ip.IsUnspecified():
		return hostKey{}
	case ip == netip.IPv6Loopback():
		return hostKey{localhost, addressed}
	}
	if text := ip.Unmap().AppendTo(make([]byte, 0, 64)); string(text) != host {
		return hostKey{string(text), addressed}
	}
	return hostKey{host, addressed}
}

func keyOfName(host string) hostKey {
	if strings.EqualFold(host, "localhost") {
		return hostKey{localhost, addressed}
	}
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	if name == "" {
		return hostKey{}
	}
	if _, err := netip.ParseAddr(name); err == nil { // an address with a dot at its end
		return hostKey{name, addressed}
	}
	return hostKey{name, named}
}

func (h *hosts) id(key hostKey) hostID {
	id, found := h.ids[key]
	if !found {
		id = hostID(len(h.keys))
		h.ids[key] = id
		h.keys = append(h.keys, key)
		h.parent = append(h.parent, id)
	}
	return h.root(id)
}

func (h *hosts) root(id hostID) hostID {
	for h.parent[id] != id {
		id = h.parent[id]
	}
	return id
}

// join says that two machines are one. What the map says stays.
func (h *hosts) join(a, b hostID) {
	a, b = h.root(a), h.root(b)
	switch {
	case a == b, h.keys[a].name == "", h.keys[b].name == "", h.keys[a].class == mapped && h.keys[b].class == mapped:
	case h.keys[b].class == mapped:
		h.parent[a] = b
	default:
		h.parent[b] = a
	}
}

// A machine is one of a deployment, with all that it is called.
type machine struct {
	keys      []hostKey
	class     class // the highest of its keys
	ambiguous bool  // another one may be it, by their names
}

// machines lists the machines by number; those that were joined to others are empty. They are
// mixed where not all are known by the same class of keys, so that any may be another.
func (h *hosts) machines() (all []machine, mixed bool) {
	all = make([]machine, len(h.keys))
	for k, key := range h.keys {
		m := &all[h.root(hostID(k))]
		if m.keys == nil {
			m.keys = h.keys[k : k+1 : k+1] // mostly it stays the only one
		} else {
			m.keys = append(m.keys, key)
		}
		m.class = max(m.class, key.class)
	}
	most, names := nowhere, make(map[string]*machine)
	for i := range all {
		m := &all[i]
		if len(m.keys) == 0 {
			continue
		}
		slices.SortFunc(m.keys, func(a, b hostKey) int {
			return cmp.Or(-cmp.Compare(a.class, b.class), strings.Compare(a.name, b.name))
		})
		mixed = mixed || m.class == nowhere || most != nowhere && m.class != most
		most = m.class
		if m.class == named {
			for _, key := range m.keys {
				names[key.name] = m
			}
		}
	}
	for name, m := range names {
		for i := range name {
			if name[i] != '.' {
				continue
			}
			if other := names[name[:i]]; other != nil && other != m {
				m.ambiguous, other.ambiguous = true, true
			}
		}
	}
	return all, mixed
}

// name is how a machine is shown: as the map has it, else by its IP address.
func (m *machine) name() string { return m.keys[0].name }

// mayBe reports whether two machines that were not found to be one could be one all the
// same: a name and an IP address that nothing connects, two forms of one name, a host
// that the map leaves out beside one that it has.
func (m *machine) mayBe(other *machine) bool {
	switch {
	case m.class == nowhere || other.class == nowhere:
		return true
	case m.class != other.class:
		return true
	case m.class != named:
		return false
	}
	for _, a := range m.keys {
		for _, b := range other.keys {
			if strings.HasPrefix(a.name, b.name+".") || strings.HasPrefix(b.name, a.name+".") {
				return true
			}
		}
	}
	return false
}
