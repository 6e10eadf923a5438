package sentinel

import "time"

// A Peer is what one Sentinel knows about another.
type Peer struct {
	Instance // Name and RunID are the peer's id

	LastHello        Duration // since its last hello message
	VotedLeader      string   // "?" if it has not voted recently
	VotedLeaderEpoch Number
}

// How old the last hello of a Sentinel is at least that sends none, and its last reply to PING at most if it answers.
const (
	mutePeriod   = 30 * time.Second
	answerPeriod = 5 * time.Second
)

// Mute reports whether the peer answers PING and has sent no hello for at least 30 s. A Sentinel sends one every 2 s, also
// directly to each of those that it knows. So this one does not monitor the master any more, or something else answers at
// its address: it has no say on the master, though CKQUORUM counts it.
func (p *Peer) Mute() bool {
	return !p.Flags.Has(FlagSDown) && p.LastOKPingReply.Present && p.LastOKPingReply.Value < answerPeriod &&
		p.LastHello.Present && p.LastHello.Value >= mutePeriod
}
