package fleet

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/health"
)

// A Line is what the fleet's list says of one deployment, from its last snapshots.
type Line struct {
	Name   string        `json:"name"`
	Status health.Status `json:"status"`
	// Summary is that of the report, or says that it has not been asked yet.
	Summary string `json:"summary"`
	Masters int    `json:"masters"`
	// Margin is the least of any of its masters: how many more Sentinels can fail while a
	// failover is still possible; absent if it is not known.
	Margin   *int `json:"quorum_margin,omitempty"`
	Asked    int  `json:"sentinels_asked"`
	Answered int  `json:"sentinels_answered"`
	// Age is how old the snapshots are; absent if it has not been asked yet.
	Age *float64 `json:"age_seconds,omitempty"`
	// Shared is what it has in common with other deployments.
	Shared []Shared `json:"shared,omitempty"`
}

// Sentence returns the summary without the status that it begins with.
func (l *Line) Sentence() string {
	_, text, _ := strings.Cut(l.Summary, " ") // after the status, and its colon if no master is named
	return text
}

// SharedBesides returns what it has in common with others of which the sentence is not.
func (l *Line) SharedBesides() (messages []string) {
	for _, s := range l.Shared {
		if !strings.Contains(l.Sentence(), s.Message) {
			messages = append(messages, s.Message)
		}
	}
	return messages
}

// Lines returns the line of each deployment, the worst first. It asks no Sentinel.
func (f *Fleet) Lines() []Line { return linesOf(f.list()) }

func linesOf(list []*Deployment) []Line {
	lines := make([]Line, len(list))
	for i, d := range list {
		lines[i] = d.line()
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(b.Status.Compare(a.Status), cmp.Compare(a.Name, b.Name))
	})
	return lines
}

func (d *Deployment) line() Line {
	m, shared := d.remembered(), d.registry.shared(d)
	l := Line{
		Name: d.name, Status: m.status, Summary: m.summary, Masters: m.masters, Margin: m.margin,
		Asked: m.asked, Answered: m.answered, Shared: byOther(shared),
	}
	if m.at.IsZero() {
		l.Status, l.Summary = health.Unknown, "UNKNOWN: it has not been asked yet"
		return l
	}
	age := math.Round(time.Since(m.at).Seconds()*10) / 10
	l.Age = &age
	if severity, text := worstOf(shared); l.Answered > 0 && severity.Compare(l.Status) > 0 { // the report was made before the other's
		l.Status, l.Summary = severity, strings.ToUpper(severity.String())+": "+text
	}
	return l
}
