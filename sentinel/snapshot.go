package sentinel

import "time"

// A Snapshot is what one Sentinel says at one moment. There is always one for
// each Sentinel asked: that of a dead one holds the error and nothing else.
type Snapshot struct {
	// Sentinel is the address asked, as host:port.
	Sentinel string
	// Started is when it was to be asked, Duration how long the answer took, also where
	// that was to wait for the answer to somebody else.
	Started  time.Time
	Duration time.Duration
	// Err is nil when the Sentinel answered MASTERS; otherwise it is an *Error
	// that says why it did not.
	Err error
	// ID is the lasting identity of the Sentinel (SENTINEL MYID), not the run
	// id of INFO. It is empty before Redis 6.2, which has no such command.
	ID string
	// Info is what INFO says; nil when it failed.
	Info *Info
	// Masters are the masters it monitors, in the order of the reply, which
	// means nothing: Sentinel walks a hash table.
	Masters []Master
	// Failures are the commands of this snapshot that failed: one entry for each
	// command and reason, with the first such error.
	Failures []Failure
	// ErrorTotals counts failures since the client was made, this snapshot's
	// included.
	ErrorTotals ErrorTotals
}

// A Failure is a command that failed in a snapshot.
type Failure struct {
	Command Command
	Err     *Error
}

// Up reports whether the Sentinel answered MASTERS within the deadline.
func (s *Snapshot) Up() bool { return s.Err == nil }

// Failed returns the first failure of a command, nil when there was none. A
// command that had nothing to be asked about has not failed.
func (s *Snapshot) Failed(c Command) *Error {
	for i := range s.Failures {
		if s.Failures[i].Command == c {
			return s.Failures[i].Err
		}
	}
	return nil
}

// Master returns the named master, nil when this Sentinel does not monitor it.
func (s *Snapshot) Master(name string) *Master {
	for i := range s.Masters {
		if s.Masters[i].Name == name {
			return &s.Masters[i]
		}
	}
	return nil
}

// Tilt reports whether the Sentinel is in TILT mode, in which it updates no down
// flag. A Sentinel whose INFO is not known is taken not to be.
func (s *Snapshot) Tilt() bool { return s.Info != nil && s.Info.Tilt.Value }

// An Instance is what MASTERS, REPLICAS and SENTINELS say alike of a node.
type Instance struct {
	// Name is the master's name, a replica's host:port, a Sentinel's id.
	Name string
	// Host is an IP address, or a host name with announce-hostnames; it is empty
	// when a name did not resolve. Port is 0 for an invalid address.
	Host string
	Port string
	// Addr is Host and Port as net.JoinHostPort writes them. Of a replica whose Host is
	// empty it is the Name, which tells more.
	Addr string
	// RunID is 40 hex digits; empty until the first INFO after a start, a RESET
	// or a switch. For a Sentinel it is its id.
	RunID        string
	Flags        Flags
	UnknownFlags []string // words in "flags" that this program does not know

	LinkPendingCommands Number // commands without a reply on the link; 0 to 3 when healthy
	LinkRefcount        Number // masters that share the link to a peer
	// LastPingSent is the age of the oldest PING without an answer; 0 when none
	// is outstanding. It is not the time since the last PING.
	LastPingSent    Duration
	LastOKPingReply Duration // since the last acceptable reply: PONG, LOADING or MASTERDOWN
	LastPingReply   Duration // since any reply, errors included
	SDownTime       Duration // absent when not s_down
	DownAfter       Duration // a setting; replicas and peers inherit the master's

	// Unknown holds the fields that this program does not know; nil when there
	// are none.
	Unknown map[string]string
}

// HasAddr reports whether the address is that of a node, which one can connect to.
func (in *Instance) HasAddr() bool { return in.Host != "" && in.Port != "0" }

// A Master is what one Sentinel says of one master.
type Master struct {
	Instance

	ODownTime          Duration // absent when not o_down
	FailoverState      FailoverState
	InfoRefresh        Duration // since the last INFO; 0 also when there was none
	RoleReported       string   // RoleMaster or RoleReplica, as the node's own INFO said
	RoleReportedTime   Duration
	ConfigEpoch        Number
	NumReplicas        Number // known, the dead and the unannounced ones included
	NumOtherSentinels  Number // known, the dead ones included
	Quorum             Number
	FailoverTimeout    Duration
	ParallelSyncs      Number
	NotificationScript string // empty when not set
	ReconfigScript     string // client-reconfig-script; empty when not set

	// Replicas, Peers and CKQuorum are nil when the command failed; then the
	// error beside them says why.
	Replicas    []Replica
	ReplicasErr error
	Peers       []Peer
	PeersErr    error
	CKQuorum    *CKQuorum
	CKQuorumErr error
	// Cache is what INFO-CACHE holds of the master and its replicas; nil unless
	// asked for.
	Cache []CachedInfo
	// Recent is what the Sentinel has published of the master and its nodes in the last 15
	// minutes, the newest first; nil where nobody listens ([Client.Events]). It is
	// for what no reply tells, and says nothing about the state of anything.
	Recent []RecentEvent
}

// A Replica is what one Sentinel says of one replica.
type Replica struct {
	Instance

	InfoRefresh      Duration // since the last INFO; 0 also when there was none
	RoleReported     string
	RoleReportedTime Duration
	// MasterLinkDownTime is 0 when the link is up. It is absent for a replica
	// whose link was never up, for which Sentinel sends -1000 (6.2 and later) or
	// about 1.7e12 (before).
	MasterLinkDownTime Duration
	MasterLinkUp       bool   // of the last INFO: stale for a dead replica, false before the first
	MasterHost         string // "?" until an INFO with role:slave
	MasterPort         string
	Priority           Number // 0 is never promoted
	ReplOffset         Number // bytes; of the last INFO

	// downSince1970 marks a link that was never up as Sentinels before 6.2 send it;
	// to them, unlike to later ones, it is a link that is down for too long.
	downSince1970 bool
}

// A Peer is what one Sentinel says of another.
type Peer struct {
	Instance // Name and RunID are the peer's id

	LastHello        Duration // since its last hello message
	VotedLeader      string   // "?" when it has voted for nobody of late
	VotedLeaderEpoch Number
}

// FailoverState is the step of a failover that this Sentinel drives.
type FailoverState int

// The steps, in their order. A Sentinel that drives no failover says nothing,
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

// failoverStates are the words of the wire, in the order of the constants.
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
