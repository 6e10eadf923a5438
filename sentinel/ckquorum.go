package sentinel

import (
	"fmt"
	"strconv"
	"strings"
)

// CKQuorum is the answer to SENTINEL CKQUORUM. NOQUORUM is also an answer, not a failure.
// The answer depends neither on the state of the master nor on TILT.
type CKQuorum struct {
	// Usable counts this Sentinel itself and the peers without s_down.
	Usable int64
	// QuorumReachable is true if enough are usable to agree that the master is down.
	QuorumReachable bool
	// MajorityReachable is true if enough are usable to authorize a failover.
	MajorityReachable bool
	// Text is the text of the reply.
	Text string
}

// OK reports whether quorum and majority can both be reached.
func (q *CKQuorum) OK() bool { return q.QuorumReachable && q.MajorityReachable }

// noQuorum reports whether a raw reply is the answer NOQUORUM, which is an error reply.
func noQuorum(raw string) bool { return strings.HasPrefix(raw, "-NOQUORUM ") }

// readCKQuorum parses the raw reply.
func readCKQuorum(raw string) (*CKQuorum, error) {
	if noQuorum(raw) {
		raw = "+" + raw[1:]
	}
	text, err := readText(raw)
	if err != nil {
		return nil, err
	}
	return parseCKQuorum(text)
}

// parseCKQuorum parses the text of the reply, which has been the same since 2.8.21, in Redis
// and Valkey. The error code is always NOQUORUM; the phrases "specified quorum" and
// "majority" name the causes (sentinelCommand in src/sentinel.c).
func parseCKQuorum(text string) (*CKQuorum, error) {
	code, rest, _ := strings.Cut(text, " ")
	number, _, _ := strings.Cut(rest, " ")
	usable, err := strconv.ParseInt(number, 10, 64)
	if err != nil || usable < 0 {
		return nil, fmt.Errorf("%w: CKQUORUM answered %q", errMalformed, clip(text))
	}
	switch code {
	case "OK":
		return &CKQuorum{Usable: usable, QuorumReachable: true, MajorityReachable: true, Text: text}, nil
	case "NOQUORUM":
		q := &CKQuorum{
			Usable:            usable,
			QuorumReachable:   !strings.Contains(text, "specified quorum"),
			MajorityReachable: !strings.Contains(text, "majority"),
			Text:              text,
		}
		if !q.OK() {
			return q, nil
		}
	}
	return nil, fmt.Errorf("%w: CKQUORUM answered %q", errMalformed, clip(text))
}
