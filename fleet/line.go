package fleet

import (
	"cmp"
	"math"
	"slices"
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

// Worst sorts lines: the worst first, then by name.
func Worst(lines []Line) {
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(-a.Status.Compare(b.Status), cmp.Compare(a.Name, b.Name))
	})
}

// Lines returns the line of each deployment, the worst first. It asks no Sentinel.
func (f *Fleet) Lines() []Line {
	list := f.list()
	lines := make([]Line, len(list))
	for i, d := range list {
		last := d.remembered()
		lines[i] = last.line(d.name, byOther(f.registry.shared(d)))
	}
	Worst(lines)
	return lines
}

func (m *memory) line(name string, shared []Shared) Line {
	l := Line{
		Name: name, Status: m.status, Summary: m.summary, Masters: m.masters, Margin: m.margin,
		Asked: m.asked, Answered: m.answered, Shared: shared,
	}
	if m.at.IsZero() {
		l.Status, l.Summary = health.Unknown, "UNKNOWN: it has not been asked yet"
	} else {
		age := math.Round(time.Since(m.at).Seconds()*10) / 10
		l.Age = &age
	}
	if len(shared) > 0 && l.Status == health.OK { // it was made before the other's
		l.Status, l.Summary = health.Warning, "WARNING: "+shared[0].Message
	}
	return l
}
