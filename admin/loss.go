package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/datanode"
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
	// failover, as the master knew LagAgeSeconds before that: 0 if it was asked itself.
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

// A lag is how far a replica was behind its master, some time ago.
type lag struct {
	bytes int64
	since sentinel.Duration // of its last acknowledgement, or of the end of its link
	age   time.Duration
	words string
}

// readLag fills in how far the heir is behind, and says it in words.
func (j *job) readLag(ctx context.Context, s *step, loss *Loss) string {
	heir := s.master.Heir()
	if heir == nil {
		return "Which replica will be promoted is not known."
	}
	ctx, cancel := context.WithTimeout(ctx, 3*j.operator.timeout) // the master, the replica, and a name that is looked up
	defer cancel()
	found, err := j.lagOf(ctx, s, heir.Addr)
	if err != nil {
		return fmt.Sprintf("How far %s is behind is not known: %v.", heir.Addr, err)
	}
	loss.LagBytes, loss.LagAgeSeconds = &found.bytes, new(seconds(found.age))
	if found.since.Present {
		loss.LagSeconds = new(seconds(found.since.Value))
	}
	return found.words + "."
}

// lagOf asks the nodes themselves, where there is an account for them, and else a Sentinel for what it had from them.
func (j *job) lagOf(ctx context.Context, s *step, heir string) (lag, error) {
	if j.operator.nodes == nil {
		return j.lagHeard(ctx, s, heir)
	}
	found, err := j.lagNow(ctx, s.master.Advertised(), heir)
	if err == nil {
		return found, nil
	}
	if heard, heardErr := j.lagHeard(ctx, s, heir); heardErr == nil {
		heard.words += fmt.Sprintf(", as the Sentinel %s has it; how far it is behind now is not known: %v", s.sentinel, err)
		return heard, nil
	}
	return lag{}, err
}

// lagHeard is what a Sentinel has of the master's last INFO.
func (j *job) lagHeard(ctx context.Context, s *step, heir string) (lag, error) {
	master, err := j.cachedInfo(ctx, s.client, s.master.RunID)
	if err != nil {
		return lag{}, err
	}
	i := listed(ctx, master.Attached, heir)
	if i < 0 || !master.ReplOffset.Present {
		return lag{}, errors.New("the master does not list it")
	}
	r, age := master.Attached[i], master.Age.Value
	found := lag{bytes: max(0, master.ReplOffset.Value-r.ReplOffset.Value), since: r.Lag, age: age}
	found.words = fmt.Sprintf("%s ago %s was %d bytes behind", age.Round(100*time.Millisecond), heir, found.bytes)
	if r.Lag.Present {
		found.words += fmt.Sprintf(" and had acknowledged %s before", r.Lag.Value)
	}
	return found, nil
}

// lagNow asks the master, and the replica itself where the master does not list it.
func (j *job) lagNow(ctx context.Context, master, heir string) (lag, error) {
	at, err := j.position(ctx, master)
	if err != nil {
		return lag{}, err
	}
	if at.Replica {
		return lag{}, fmt.Errorf("%s says that it is a replica", master)
	}
	if i := listed(ctx, at.Replicas, heir); i >= 0 {
		r := at.Replicas[i]
		found := lag{bytes: max(0, at.Offset-r.ReplOffset.Value), since: r.Lag}
		found.words = fmt.Sprintf("%s is %d bytes behind", heir, found.bytes)
		if !r.Online {
			found.words += ": it is receiving a full copy, and has not all of it"
		} else if r.Lag.Present {
			found.words += fmt.Sprintf(", and has last acknowledged %s ago", r.Lag.Value)
		}
		return found, nil
	}
	alone, err := j.position(ctx, heir)
	switch {
	case err != nil:
		return lag{}, fmt.Errorf("the master lists no such replica, and it does not answer: %w", err)
	case alone.ID != at.ID:
		return lag{}, errors.New("the master lists no such replica, and it has another history of writes")
	}
	found := lag{bytes: max(0, at.Offset-alone.Offset), since: alone.Down}
	found.words = fmt.Sprintf("%s is %d bytes behind, and has no link to its master", heir, found.bytes)
	if alone.Down.Present {
		found.words += fmt.Sprintf(", for %s", alone.Down.Value)
	}
	return found, nil
}

// position asks a node for its offset.
func (j *job) position(ctx context.Context, addr string) (at datanode.Position, err error) {
	o := *j.operator.nodes
	o.Address = addr
	conn := datanode.New(o)
	defer conn.Close()
	err = j.within(func(ctx context.Context) error {
		at, err = conn.Position(ctx)
		return err
	})(ctx)
	if err != nil {
		return at, fmt.Errorf("%s: %w", addr, err)
	}
	return at, nil
}

// listed finds a replica among those that a master lists, which may have it by name or by address; -1 if it is not there.
func listed(ctx context.Context, replicas []sentinel.AttachedReplica, addr string) int {
	return slices.IndexFunc(replicas, func(r sentinel.AttachedReplica) bool {
		return r.ReplOffset.Present && sameNode(ctx, r.Addr, addr)
	})
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
