package history

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Line is one line of a record's timeline.
type Line struct {
	At       time.Time
	Phase    string   // empty for what is no phase
	Seconds  *float64 // how long the phase took; null if its end was not seen
	Text     string
	Inferred bool // it does not come from an event
}

// Timeline returns what happened in a failover, in the order of time: one line a phase, and what
// else is known.
func (r *Record) Timeline() []Line {
	var lines []Line
	add := func(at *time.Time, inferred bool, format string, args ...any) {
		if at != nil {
			lines = append(lines, Line{At: *at, Text: fmt.Sprintf(format, args...), Inferred: inferred})
		}
	}
	add(r.LastReply, true, "last good reply of the master")
	for _, p := range r.Phases {
		lines = append(lines, Line{At: p.Started, Phase: p.Name, Seconds: p.Seconds, Text: r.phaseText(p.Name)})
	}
	for _, n := range r.NotElected {
		if n.Ended == nil && n.Reason != "" {
			add(&n.Started, false, "%s tried to lead it: %s", n.Sentinel, n.Reason)
			continue
		}
		add(&n.Started, false, "%s tried to lead it and was not elected", n.Sentinel)
		add(n.Ended, false, "%s gave up: %s", n.Sentinel, n.Reason)
	}
	for i := range r.Replicas {
		p := &r.Replicas[i]
		add(p.Sent, false, "replica %s was told to follow the new master", p.Replica)
		add(p.Done, false, "replica %s follows it", p.Replica)
	}
	for _, s := range r.Switched {
		add(&s.At, false, "%s told its clients (+switch-master)", s.Sentinel)
	}
	if r.Outcome != OutcomeAborted {
		add(r.Ended, r.IsInferred("ended"), "the new master is %s", r.To)
	} else {
		add(r.Ended, r.IsInferred("ended"), "given up: %s", r.Reason)
	}
	if o := r.OldMaster; o != nil {
		words := "the old master stopped taking writes"
		if o.WritableSeconds > 0 {
			words = fmt.Sprintf("%s, which it had taken for %.1f s as a second master", words, o.WritableSeconds)
		}
		add(o.Stopped, false, "%s", words)
	}
	add(r.NextAttempt, r.IsInferred("next_attempt"), "earliest next attempt of the same Sentinel")
	add(r.Well, true, "all Sentinels agreed, and all replicas were linked")
	slices.SortStableFunc(lines, func(a, b Line) int { return a.At.Compare(b.At) })
	return lines
}

func (r *Record) phaseText(name string) string {
	switch name {
	case PhaseDetection:
		if r.FirstSign != nil {
			return r.FirstSign.Sentinel + " held the master to be down"
		}
	case PhaseAgreement:
		if r.Agreed != nil && r.Quorum != nil {
			return fmt.Sprintf("%d Sentinels agreed that it was down, %d were needed", *r.Agreed, *r.Quorum)
		}
	case PhaseElection:
		if r.Leader != "" {
			return fmt.Sprintf("%s was elected%s", r.Leader, r.votesText())
		}
		return "nobody was elected"
	case PhaseSelection:
		for _, c := range r.Candidates {
			if c.Chosen && c.Reason != "" {
				return c.Replica + " was chosen: " + c.Reason
			}
		}
		if r.To != "" {
			return r.To + " was chosen"
		}
		return "no replica was chosen"
	case PhasePromotion:
		return r.To + " was made the master"
	case PhaseReconfiguration:
		return "the other replicas were told to follow it"
	}
	return ""
}

// votesText counts the votes that were heard for the leader.
func (r *Record) votesText() string {
	n := 0
	for _, v := range r.Votes {
		if v.For == r.Leader {
			n++
		}
	}
	if n == 0 || r.Trigger == TriggerCommand {
		return "" // nobody has to vote for it
	}
	return fmt.Sprintf(" with %d votes that were heard", n)
}

// Headline says in one line what the failover was and how it ended.
func (r *Record) Headline() string {
	var b strings.Builder
	switch {
	case r.Outcome == OutcomeSwitched:
		fmt.Fprintf(&b, "switched from %s to %s", r.From, r.To)
	case r.EndUnseen():
		b.WriteString("its end was not seen, from " + r.From)
	case r.Outcome == OutcomeAborted:
		fmt.Fprintf(&b, "aborted, the master stayed at %s", r.From)
	default:
		b.WriteString("under way, from " + r.From)
	}
	if seconds, ok := r.Seconds(); ok {
		fmt.Fprintf(&b, " in %.1f s", seconds)
	}
	return b.String() + ": " + r.Reason
}

// Missing says in words what of a record is not known because streams were down.
func (r *Record) Missing() []string {
	var missing []string
	for _, g := range r.Gaps {
		until := "until now"
		if g.To != nil {
			until = "to " + g.To.Local().Format("15:04:05.000")
		}
		missing = append(missing, fmt.Sprintf("what %s published from %s %s", g.Sentinel, g.From.Local().Format("15:04:05.000"), until))
	}
	return missing
}
