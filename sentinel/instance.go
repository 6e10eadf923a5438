package sentinel

import "net"

// An Instance has the fields that the entries of MASTERS, REPLICAS and SENTINELS have in
// common.
type Instance struct {
	// Name is a master's name, a replica's host:port or a Sentinel's id.
	Name string
	// Host is an IP address, or a host name with announce-hostnames; it is empty
	// if a name did not resolve. Port is 0 for an invalid address.
	Host string
	Port string
	// Addr is Host and Port as net.JoinHostPort writes them. If the Host of a replica is
	// empty, it is the Name.
	Addr string
	// RunID is 40 hex digits; empty until the first INFO after a start, a RESET
	// or a switch. For a Sentinel it is its id.
	RunID        string
	Flags        Flags
	UnknownFlags []string // words in "flags" that this program does not know

	LinkPendingCommands Number // commands without a reply on the link; 0 to 3 when healthy
	LinkRefcount        Number // masters that share the link to a peer
	// LastPingSent is the age of the oldest PING without an answer; 0 if all are
	// answered. It is not the time since the last PING.
	LastPingSent    Duration
	LastOKPingReply Duration // since the last acceptable reply: PONG, LOADING or MASTERDOWN
	LastPingReply   Duration // since any reply, errors included
	SDownTime       Duration // absent if not s_down
	DownAfter       Duration // a setting; replicas and peers inherit the master's

	// Unknown holds the fields that this program does not know; nil if there are none.
	Unknown map[string]string
}

// HasAddr reports whether the address is complete, so that one can connect to it.
func (in *Instance) HasAddr() bool { return in.Host != "" && in.Port != "0" }

// Named reports whether the host is given by name. One that has not resolved is none.
func (in *Instance) Named() bool { return in.Host != "" && net.ParseIP(in.Host) == nil }

// informed looks at the run id as well, because the age of the INFO is 0 both before the
// first INFO and right after any.
func (in *Instance) informed(refresh Duration) bool { return refresh.Value != 0 || in.RunID != "" }
