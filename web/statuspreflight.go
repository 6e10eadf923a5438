package web

import (
	"context"
	"strings"

	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

// mostPreflights is how many masters there can be on the page for their data nodes to be asked:
// it is loaded again and again.
const mostPreflights = 4

// preflights returns what the data nodes of the masters in the report say, by master; nil if there is no account for them, or tooMany is true.
func (s *statusPage) preflights(ctx context.Context, snapshots []*sentinel.Snapshot, r *health.Report) (found map[string]fleet.Preflight, tooMany bool) {
	if len(r.Masters) > mostPreflights {
		return nil, s.querier.deployment.Preflight.Nodes != nil
	}
	names := make([]string, len(r.Masters))
	for i := range r.Masters {
		names[i] = r.Masters[i].Name
	}
	return s.querier.deployment.Preflights(ctx, snapshots, names, s.querier.timeout), false
}

// A statusPreflight is the part about the data nodes of a master.
type statusPreflight struct {
	Badge    badge
	Words    string // what the badge is about
	Findings []statusFinding
	Unseen   []preflight.Unseen
	Unknown  badge
}

// addPreflights adds what only the data nodes show: the other findings are on the page already.
func (p *statusData) addPreflights(found map[string]fleet.Preflight) {
	for i := range p.Masters {
		r, is := found[p.Masters[i].MasterReport.Name]
		if !is {
			continue
		}
		shown := &statusPreflight{Unknown: badgeOf(health.Unknown)}
		p.Masters[i].Preflight = shown
		if r.Err != nil {
			shown.Badge, shown.Words = shown.Unknown, r.Err.Error()
			continue
		}
		shown.Badge, shown.Words, shown.Unseen = badgeOf(r.Status), "by what its data nodes say", r.Unseen
		for _, f := range r.Findings {
			if strings.HasPrefix(f.Runbook, preflight.Page) {
				f.Master = "" // it is in the heading
				shown.Findings = append(shown.Findings, newStatusFinding(f))
			}
		}
	}
}
