package sentinel

import "time"

// A Snapshot is what one Sentinel knows at one moment. Every Sentinel that is asked has one;
// that of a dead Sentinel has only the error.
type Snapshot struct {
	// Sentinel is the address asked, as host:port.
	Sentinel string
	// Started is the time of the call, Duration how long the answer took, including time
	// spent waiting for other calls.
	Started  time.Time
	Duration time.Duration
	// Err is nil if the Sentinel answered MASTERS; otherwise it is an *Error that says
	// why not.
	Err error
	// ID is the lasting identity of the Sentinel (SENTINEL MYID), not the run
	// id of INFO. It is empty before Redis 6.2, which has no such command.
	ID string
	// Info is nil if INFO failed.
	Info *Info
	// ResolveHostnames is that setting of the Sentinel (SENTINEL CONFIG GET). It is asked for
	// only where the Sentinel has given a host by name, and absent where it was not answered:
	// before Redis 6.2, and to a user who may not use that command, which is no failure.
	ResolveHostnames Optional[bool]
	// Masters are the masters that the Sentinel monitors, in no particular order.
	Masters []Master
	// Failures are the commands of this snapshot that failed: one entry for each
	// command and reason, with the first error.
	Failures []Failure
	// ErrorTotals counts failures since the client was created, including those of this
	// snapshot.
	ErrorTotals ErrorTotals
}

// A Failure is a command that failed in a snapshot.
type Failure struct {
	Command Command
	Err     *Error
}

// Up reports whether the Sentinel answered MASTERS within the deadline.
func (s *Snapshot) Up() bool { return s.Err == nil }

// Failed returns the first error of a command, or nil. A command that was not sent, because
// there was no master to ask about, has not failed.
func (s *Snapshot) Failed(c Command) *Error {
	for i := range s.Failures {
		if s.Failures[i].Command == c {
			return s.Failures[i].Err
		}
	}
	return nil
}

// Master returns the named master, or nil if this Sentinel does not monitor it.
func (s *Snapshot) Master(name string) *Master {
	for i := range s.Masters {
		if s.Masters[i].Name == name {
			return &s.Masters[i]
		}
	}
	return nil
}

// Tilt reports whether the Sentinel is in TILT mode, in which it does not update down
// flags. It returns false if INFO failed.
func (s *Snapshot) Tilt() bool { return s.Info != nil && s.Info.Tilt.Value }

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

// A Master is what one Sentinel knows about one master.
type Master struct {
	Instance

	ODownTime          Duration // absent if not o_down
	FailoverState      FailoverState
	InfoRefresh        Duration // since the last INFO; 0 also if there was none
	RoleReported       string   // RoleMaster or RoleReplica, from the node's INFO
	RoleReportedTime   Duration
	ConfigEpoch        Number
	NumReplicas        Number // known ones, including dead and unannounced ones
	NumOtherSentinels  Number // known ones, including dead ones
	Quorum             Number
	FailoverTimeout    Duration
	ParallelSyncs      Number
	NotificationScript string // empty if not set
	ReconfigScript     string // client-reconfig-script; empty if not set

	// Replicas, Peers and CKQuorum are nil if the command failed; then the error says why.
	Replicas    []Replica
	ReplicasErr error
	Peers       []Peer
	PeersErr    error
	CKQuorum    *CKQuorum
	CKQuorumErr error
	// Cache has the cached INFO of the master and its replicas; nil without
	// Options.InfoCache.
	Cache []CachedInfo
	// Recent is what the Sentinel has published of the master and its nodes in the last 15
	// minutes, the newest first; nil where nobody listens ([Client.Events]). It is
	// for what no reply tells, and says nothing about the state of anything.
	Recent []RecentEvent
}

// A Replica is what one Sentinel knows about one replica.
type Replica struct {
	Instance

	InfoRefresh      Duration // since the last INFO; 0 also if there was none
	RoleReported     string
	RoleReportedTime Duration
	// MasterLinkDownTime is 0 if the link is up. It is absent for a replica
	// whose link was never up, for which Sentinel sends -1000 (6.2 and later) or
	// about 1.7e12 (before).
	MasterLinkDownTime Duration
	MasterLinkUp       bool   // from the last INFO: stale for a dead replica, false before the first
	MasterHost         string // "?" until an INFO with role:slave
	MasterPort         string
	Priority           Number // 0 is never promoted
	ReplOffset         Number // bytes; from the last INFO

	// downSince1970 is true for a link that was never up, if the Sentinel is older than
	// 6.2. For such a Sentinel the link has been down for too long to promote the replica;
	// later ones promote it.
	downSince1970 bool
}

// A Peer is what one Sentinel knows about another.
type Peer struct {
	Instance // Name and RunID are the peer's id

	LastHello        Duration // since its last hello message
	VotedLeader      string   // "?" if it has not voted recently
	VotedLeaderEpoch Number
}

// A FailoverState is the step of a failover that this Sentinel leads.
type FailoverState int

// The steps, in their order. A Sentinel that leads no failover does not send the field,
// which is FailoverNone.
const (
	FailoverNone FailoverState = iota
	FailoverWaitStart
	FailoverSelectReplica
	FailoverSendReplicaOfNoOne
	FailoverWaitPromotion
	FailoverReconfReplicas
	FailoverUpdateConfig
	FailoverUnknown // a word that this program does not know
)

// failoverStates returns the words of the protocol, in the order of the constants.
func failoverStates() [FailoverUnknown]string {
	return [...]string{
		"none", "wait_start", "select_slave", "send_slaveof_noone", "wait_promotion", "reconf_slaves", "update_config",
	}
}

func parseFailoverState(word string) FailoverState {
	for state, name := range failoverStates() {
		if name == word {
			return FailoverState(state)
		}
	}
	return FailoverUnknown
}

// String returns the word that Sentinel uses.
func (s FailoverState) String() string {
	if names := failoverStates(); s >= 0 && int(s) < len(names) {
		return names[s]
	}
	return "unknown"
}
