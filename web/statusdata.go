package web

import (
	"slices"
	"time"

	"github.com/prometheus/common/version"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// statusData is what the template shows.
type statusData struct {
	Name         string // of the deployment; empty if it has none
	Style        string
	Refresh      bool
	Seconds      int
	Query        pageLinks
	Status       badge
	Sentence     string
	At           time.Time
	Asked        int
	Answered     int
	Findings     []statusFinding
	Undetermined []undetermined // checks for which no Sentinel has the data
	Masters      []statusMaster
	NodesUnasked int // the data nodes are not asked, as there are more masters than so many; 0 if that is not the reason
	More         statusMore
	Many         bool // there are many masters, so the healthy ones are folded
	Sentinels    []statusSentinel
	Hosts        []statusHost // what would be left without each
	OtherHosts   int          // those that are not shown
	Listens      bool         // the event streams are followed
	Events       []statusEvent
	Version      string
}

// A statusFinding is a finding with its badge and its consequences.
type statusFinding struct {
	health.Finding
	Badge        badge
	Name         string // of the master; empty for the deployment
	Consequences []statusFinding
}

func newStatusFinding(f health.Finding, consequences ...health.Finding) statusFinding {
	v := statusFinding{Finding: f, Badge: badgeOf(f.Severity)}
	if f.Master != "" {
		v.Name = health.Printable(f.Master)
	}
	for _, c := range consequences {
		v.Consequences = append(v.Consequences, newStatusFinding(c))
	}
	return v
}

// An undetermined is a check that could not be made.
type undetermined struct {
	health.Result
	Name  string // of the master; empty for the deployment
	Badge badge
}

func undeterminedOf(name string, results []health.Result) []undetermined {
	var list []undetermined
	for _, r := range results {
		if r.Reason != "" {
			list = append(list, undetermined{r, name, badgeOf(r.Status)})
		}
	}
	return list
}

// fold is the number of masters from which on the healthy ones are folded.
const fold = 4

// mostShown is how many masters, findings and replicas of a master the page shows.
const mostShown = 250

// statusMore counts what the page does not show.
type statusMore struct{ Masters, Findings int }

// worstMasters are the indexes of so many masters, the worst ones, in the order of the report.
func worstMasters(r *health.Report, most int) []int {
	indexes := make([]int, len(r.Masters))
	for i := range indexes {
		indexes[i] = i
	}
	slices.SortStableFunc(indexes, func(a, b int) int { return r.Masters[b].Status.Compare(r.Masters[a].Status) })
	indexes = indexes[:min(most, len(indexes))]
	slices.Sort(indexes)
	return indexes
}

// newStatusData shows at most so many of each.
func newStatusData(name string, snapshots []*sentinel.Snapshot, r *health.Report, most int) *statusData {
	p := &statusData{
		Name:    name,
		Seconds: int(refreshEvery.Seconds()),
		Status:  badgeOf(r.Status), Sentence: r.Sentence(),
		At: time.Now().UTC(), Asked: r.Asked, Answered: r.Answered, Many: len(r.Masters) >= fold,
		Undetermined: undeterminedOf("", r.Checks), Version: version.Version,
	}
	problems := r.Problems()
	for _, problem := range problems[:min(most, len(problems))] {
		shown := min(most, len(problem.Consequences))
		p.Findings = append(p.Findings, newStatusFinding(problem.Cause, problem.Consequences[:shown]...))
		p.More.Findings += len(problem.Consequences) - shown
	}
	p.More.Findings += max(0, len(problems)-most) + r.Omitted
	if r.Answered == 0 {
		p.Undetermined = nil // all are, for a reason that the findings give
	}
	for _, i := range worstMasters(r, most) {
		p.Undetermined = append(p.Undetermined, undeterminedOf(health.Printable(r.Masters[i].Name), r.Masters[i].Checks)...)
		p.Masters = append(p.Masters, newStatusMaster(name, snapshots, r, i, p.Many, most))
	}
	p.More.Masters = len(r.Masters) - len(p.Masters)
	for _, s := range snapshots {
		p.Sentinels = append(p.Sentinels, newStatusSentinel(s))
	}
	return p
}
