package drill

import (
	"time"

	"redis_sentinel_exporter/admin"
)

// An Outcome says what came of a drill.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"
	Gap     Outcome = "gap"     // no write succeeded for longer than allowed
	Refused Outcome = "refused" // nothing was done
	Failed  Outcome = "failed"  // it was begun, and did not come to its end
)

// A Report is the result of a drill.
type Report struct {
	Master  string  `json:"master"`
	Outcome Outcome `json:"outcome"`
	// Reasons say why it was refused or has failed, one sentence each, without the full stop.
	Reasons []string `json:"reasons"`
	// Failovers are those that were done, the one back being the second.
	Failovers []Failover `json:"failovers"`
	// Key is the one that was written to, on all nodes; empty if there was none. Remains lists the nodes on which
	// it may be left until it expires, and why.
	Key     string   `json:"key,omitempty"`
	Remains []string `json:"key_remains"`
}

// A Failover is what was measured of one.
type Failover struct {
	From string    `json:"from"`
	To   string    `json:"to,omitempty"` // empty if it did not come to its end
	Way  admin.Way `json:"way"`
	// Acknowledged is how many values were, Lost how many of those the new master does not have.
	Acknowledged int `json:"acknowledged_writes"`
	Lost         int `json:"lost_writes"`
	// Gap is the longest time between two acknowledgements from the command on. Failover is how long the Sentinels
	// took. AllBack is the time from the command until every other node was a replica that has its master.
	GapSeconds      float64  `json:"longest_gap_seconds"`
	FailoverSeconds float64  `json:"failover_seconds"`
	AllBackSeconds  *float64 `json:"replicas_back_seconds,omitempty"` // absent if they were not
	// Loss is what the Sentinels know of it.
	Loss *admin.Loss `json:"loss,omitempty"`
}

func seconds(d time.Duration) float64 {
	return float64(d.Round(time.Millisecond).Milliseconds()) / 1000
}
