package sentinel

// A Peer is what one Sentinel knows about another.
type Peer struct {
	Instance // Name and RunID are the peer's id

	LastHello        Duration // since its last hello message
	VotedLeader      string   // "?" if it has not voted recently
	VotedLeaderEpoch Number
}
