package history

import (
	"slices"
	"time"
)

// A Trigger says why a failover began.
type Trigger string

// The triggers.
const (
	// TriggerDown: the Sentinels agreed that the master did not answer.
	TriggerDown Trigger = "down"
	// TriggerCommand: SENTINEL FAILOVER.
	TriggerCommand Trigger = "command"
	// TriggerCoordinated: SENTINEL FAILOVER ... COORDINATED (Valkey 9.0 and later).
	TriggerCoordinated Trigger = "coordinated"
	// TriggerOther: none of these was seen. The reason says what was.
	TriggerOther Trigger = "other"
)

// An Outcome says how a failover ended. It is empty while that is not known.
type Outcome string

// The outcomes.
const (
	OutcomeSwitched Outcome = "switched" // a Sentinel has the master at the new address
	OutcomeAborted  Outcome = "aborted"
)

// The phases of a failover, in their order.
const (
	PhaseDetection       = "detection"       // from the first +sdown of the master to the leader's own
	PhaseAgreement       = "agreement"       // to the leader's +odown
	PhaseElection        = "election"        // from +try-failover to +elected-leader
	PhaseSelection       = "selection"       // to +selected-slave
	PhasePromotion       = "promotion"       // to +promoted-slave
	PhaseReconfiguration = "reconfiguration" // to the leader's switch
)

// A Record is one failover. Its JSON is what /history answers and the history file holds.
// Times are those of who has received the events, or, of log files, of the clock that they
// were brought to. What is not known is absent or null.
type Record struct {
	ID         string  `json:"id"` // one for each failover of a deployment; stays when the record grows
	Master     string  `json:"master"`
	Deployment string  `json:"deployment"` // its name, as given from outside; may be empty
	Epoch      *int64  `json:"epoch"`
	Trigger    Trigger `json:"trigger"`
	Outcome    Outcome `json:"outcome"`
	Reason     string  `json:"reason"` // of the abort; otherwise of the failover
	Leader     string  `json:"leader"` // the Sentinel that an event says was elected; may be empty
	From       string  `json:"from"`   // the master's address before
	To         string  `json:"to"`     // and after; of an abort, of the replica that was chosen
	// Agreed is how many Sentinels, of the Quorum that it takes, agreed that the master was down;
	// null if none had to. Sentinels is how many were listened to.
	Agreed    *int64 `json:"agreed"`
	Quorum    *int64 `json:"quorum"`
	Sentinels int    `json:"sentinels"`
	// Started is the +try-failover of the leader, and Ended when it had the master at
	// the new address, or gave up.
	Started    time.Time    `json:"started"`
	Ended      *time.Time   `json:"ended"`
	Phases     []Phase      `json:"phases"`
	Switched   []Switched   `json:"switched"`
	OldMaster  *OldMaster   `json:"old_master"`
	Candidates []Candidate  `json:"candidates"`
	Gaps       []Gap        `json:"gaps"`
	FirstSign  *Sign        `json:"first_sign"`
	LastReply  *time.Time   `json:"last_reply"` // of the master, as the Sentinels said later
	Votes      []Vote       `json:"votes"`
	NotElected []NotElected `json:"not_elected"`
	// Replicas are the steps of those that were reconfigured.
	Replicas []Reconfigured `json:"replicas"`
	// NextAttempt is the earliest time at which the leader tries again after an abort.
	NextAttempt *time.Time `json:"next_attempt"`
	// Well is when, after a switch, the Sentinels were first seen to agree, with all replicas
	// linked.
	Well   *time.Time `json:"well"`
	Clocks []Clock    `json:"clocks"`
	// Inferred names the fields that do not come from an event.
	Inferred []string `json:"inferred"`
}

// A Phase is a part of a failover. Seconds is null while it lasts, and if its end was not seen.
type Phase struct {
	Name    string    `json:"name"`
	Started time.Time `json:"started"`
	Seconds *float64  `json:"seconds"`
}

// A Switched is when a Sentinel told its clients of the new master.
type Switched struct {
	Sentinel string    `json:"sentinel"`
	At       time.Time `json:"at"`
}

// An OldMaster says how long the old master went on as a master.
type OldMaster struct {
	WritableSeconds float64    `json:"writable_seconds"` // 0 while it lasts
	Stopped         *time.Time `json:"stopped"`
}

// A Candidate is a replica that could have been chosen.
type Candidate struct {
	Replica string `json:"replica"`
	Chosen  bool   `json:"chosen"`
	Reason  string `json:"reason"` // the rule of Sentinel's selection that decided; empty if not known
	// Offset is in bytes, from the last INFO that the leader had had at At.
	Offset *int64     `json:"offset"`
	At     *time.Time `json:"at"`
}

// A Gap is a time in which events of a Sentinel may be missing.
type Gap struct {
	Sentinel string     `json:"sentinel"`
	From     time.Time  `json:"from"`
	To       *time.Time `json:"to"` // null while it lasts
}

// A Sign is the event that came first.
type Sign struct {
	Sentinel string    `json:"sentinel"`
	Event    string    `json:"event"`
	At       time.Time `json:"at"`
}

// A Vote is what a Sentinel published of its vote.
type Vote struct {
	Sentinel string    `json:"sentinel"`
	For      string    `json:"for"` // the address of that Sentinel, or its id where that is not known
	At       time.Time `json:"at"`
}

// A NotElected is a Sentinel that tried to lead the failover and was not elected.
type NotElected struct {
	Sentinel string     `json:"sentinel"`
	Started  time.Time  `json:"started"`
	Ended    *time.Time `json:"ended"`
	Reason   string     `json:"reason"`
}

// A Reconfigured is a replica that was told to follow the new master.
type Reconfigured struct {
	Replica    string     `json:"replica"`
	Sent       *time.Time `json:"sent"`        // it was told
	InProgress *time.Time `json:"in_progress"` // it has begun
	Done       *time.Time `json:"done"`        // it is linked
}

// A Clock is how far the clock of a Sentinel is ahead of ours.
type Clock struct {
	Sentinel      string  `json:"sentinel"`
	OffsetSeconds float64 `json:"offset_seconds"`
	ErrorSeconds  float64 `json:"error_seconds"` // at most so much more or less
}

// Seconds is how long the failover took; false if its start or its end was not seen.
func (r *Record) Seconds() (float64, bool) {
	if r.Ended == nil || r.IsInferred("started") || r.IsInferred("ended") {
		return 0, false
	}
	return seconds(r.Started, *r.Ended), true
}

// seconds is the time between two others by their wall clock, which is what a record that was written and read again has left: the
// metrics, which never were, must say the same.
func seconds(from, to time.Time) float64 { return max(0, to.Round(0).Sub(from.Round(0)).Seconds()) }

// IsInferred reports whether a field, by its name in JSON, does not come from an event.
func (r *Record) IsInferred(field string) bool { return slices.Contains(r.Inferred, field) }

// EndUnseen reports whether it is not known how the failover ended; an outcome is the likely one then.
func (r *Record) EndUnseen() bool {
	return r.Outcome == "" && r.IsInferred("ended") || r.Outcome == OutcomeAborted && r.IsInferred("outcome")
}
