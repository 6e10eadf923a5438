package web

import (
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

func newStatusData(name string, snapshots []*sentinel.Snapshot, r *health.Report) *statusData {
	p := &statusData{
		Name:    name,
		Seconds: int(refreshEvery.Seconds()),
		Status:  badgeOf(r.Status), Sentence: r.Sentence(),
		At: time.Now().UTC(), Asked: r.Asked, Answered: r.Answered, Many: len(r.Masters) >= fold,
		Undetermined: undeterminedOf("", r.Checks), Version: version.Version,
	}
	for _, problem := range r.Problems() {
		p.Findings = append(p.Findings, newStatusFinding(problem.Cause, problem.Consequences...))
	}
	if r.Answered == 0 {
		p.Undetermined = nil // all are, for a reason that the findings give
	}
	for i := range r.Masters {
		p.Undetermined = append(p.Undetermined, undeterminedOf(health.Printable(r.Masters[i].Name), r.Masters[i].Checks)...)
		p.Masters = append(p.Masters, newStatusMaster(name, snapshots, r, i, p.Many))
	}
	for _, s := range snapshots {
		p.Sentinels = append(p.Sentinels, newStatusSentinel(s))
	}
	return p
}
