package admin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// A Loss is what a failover can lose, before it begins, and what it has lost. What is not known is
// absent. Offsets and bytes are those of the replication stream, which has the hellos of the
// Sentinels in it besides the writes.
type Loss struct {
	// Risk and Outcome say it in words, before the failover and after it.
	Risk    string `json:"risk"`
	Outcome string `json:"outcome,omitempty"`
	// LagBytes and LagSeconds are how far the replica to be promoted was behind before the
	// failover, as the master knew LagAgeSeconds before that.
	LagBytes      *int64   `json:"lag_bytes,omitempty"`
	LagSeconds    *float64 `json:"lag_seconds,omitempty"`
	LagAgeSeconds *float64 `json:"lag_age_seconds,omitempty"`
	// OldMasterSeconds is how long after the command the old master stopped taking writes.
	OldMasterSeconds *float64 `json:"old_master_seconds,omitempty"`
	// OldMasterOffset is how far the old master had come by then; PromotedOffset is where the new
	// one took over. What is between them is lost.
	OldMasterOffset *int64 `json:"old_master_offset,omitempty"`
	PromotedOffset  *int64 `json:"promoted_offset,omitempty"`
	LostBytes       *int64 `json:"lost_bytes,omitempty"`
}

// untilConverted is how long an old master takes writes after a failover, as measured.
const untilConverted = "10 to 11 s"

// foresee says what the failover can lose.
func (j *job) foresee(ctx context.Context, steps []*step) {
	if len(steps) != 1 || steps[0].act == nil {
		return
	}
	s := steps[0]
	loss := &Loss{}
	j.answer.Loss = loss
	switch j.Way {
	case Coordinated:
		loss.Risk = coordinatedRisk(s.master)
	case Fenced:
		loss.Risk = fmt.Sprintf("Writes to %s wait until the replica is promoted, for %s at most. Then it is made a replica, and the connections of its clients are closed.",
			s.master.Advertised(), min(mostFenced, s.master.DownAfter.Or(mostFenced)))
	default:
		loss.Risk = j.plainRisk(ctx, s, loss)
	}
	if !j.DryRun {
		if j.answer.WayReason != "" {
			j.say(j.answer.WayWords())
		}
		j.say(loss.Risk)
	}
}

func (j *job) plainRisk(ctx context.Context, s *step, loss *Loss) string {
	return fmt.Sprintf("Writes can be lost: %s goes on taking them for %s after the promotion, from clients that have not heard of it. %s",
		s.master.Advertised(), untilConverted, j.readLag(ctx, s, loss))
}

// readLag fills in how far the heir is behind, and says it in words.
func (j *job) readLag(ctx context.Context, s *step, loss *Loss) string {
	heir := s.master.Heir()
	if heir == nil {
		return "Which replica will be promoted is not known."
	}
	master, err := j.cachedInfo(ctx, s.client, s.master.RunID)
	if err != nil {
		return fmt.Sprintf("How far %s is behind is not known: %v", heir.Addr, err)
	}
	for _, r := range master.Attached {
		if !sentinel.SameAddress(r.Addr, heir.Addr).Value || !r.ReplOffset.Present || !master.ReplOffset.Present {
			continue
		}
		lag, age := max(0, master.ReplOffset.Value-r.ReplOffset.Value), master.Age.Value
		loss.LagBytes, loss.LagAgeSeconds = &lag, new(seconds(age))
		text := fmt.Sprintf("%s ago %s was %d bytes behind", age.Round(100*time.Millisecond), heir.Addr, lag)
		if r.Lag.Present {
			loss.LagSeconds = new(seconds(r.Lag.Value))
			text += fmt.Sprintf(" and had acknowledged %s before", r.Lag.Value)
		}
		return text + "."
	}
	return fmt.Sprintf("How far %s is behind is not known: the master does not list it.", heir.Addr)
}

// cachedInfo asks a Sentinel for the INFO that it had of a node of the master.
func (j *job) cachedInfo(ctx context.Context, c *sentinel.Client, runID string) (*sentinel.CachedInfo, error) {
	m := &sentinel.Master{}
	err := j.within(func(ctx context.Context) (err error) {
		m.Cache, err = c.InfoCache(ctx, j.Master)
		return err
	})(ctx)
	if err != nil {
		return nil, err
	}
	if info := m.CachedInfo(&sentinel.Instance{RunID: runID}); info != nil {
		return info, nil
	}
	return nil, fmt.Errorf("the Sentinel %s has no INFO of it", c.Address())
}

// settle says what was lost, once the old master has stopped.
func (l *Loss) settle(old, now string, way Way, why error) {
	var text strings.Builder
	if l.OldMasterSeconds == nil {
		fmt.Fprintf(&text, "%s may still take writes, which are lost: %v.", old, why)
	} else {
		fmt.Fprintf(&text, "%s took writes until %.1f s after the command.", old, *l.OldMasterSeconds)
	}
	switch {
	case way == Coordinated:
		text.WriteString(" It had handed over all that it acknowledged.")
	case l.OldMasterOffset == nil || l.PromotedOffset == nil:
		text.WriteString(" How many were lost is not known: no Sentinel has the INFO of both nodes from that time.")
	default:
		lost := max(0, *l.OldMasterOffset-*l.PromotedOffset)
		l.LostBytes = &lost
		fmt.Fprintf(&text, " Lost: %d bytes, hellos of the Sentinels included (%s had come to offset %d, %s took over at %d).",
			lost, old, *l.OldMasterOffset, now, *l.PromotedOffset)
	}
	l.Outcome = text.String()
}
