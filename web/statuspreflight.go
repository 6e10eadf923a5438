package web

import (
	"context"
	"strings"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

// mostPreflights is how many masters there can be on the page for their data nodes to be asked:
// it is loaded again and again.
const mostPreflights = 4

// preflights returns what the data nodes of the masters in the report say, by master; nil if they are not asked.
func (s *statusPage) preflights(ctx context.Context, snapshots []*sentinel.Snapshot, r *health.Report) map[string]*preflight.Report {
	if len(r.Masters) > mostPreflights {
		return nil
	}
	names := make([]string, len(r.Masters))
	for i := range r.Masters {
		names[i] = r.Masters[i].Name
	}
	return s.querier.deployment.Preflights(ctx, snapshots, names, s.querier.timeout)
}

// A statusPreflight is the part about the data nodes of a master.
type statusPreflight struct {
	Badge    badge
	Findings []statusFinding
	Unknown  []undetermined
}

// addPreflights adds what only the data nodes show: the other findings are on the page already.
func (p *statusData) addPreflights(found map[string]*preflight.Report) {
	for i := range p.Masters {
		r := found[p.Masters[i].MasterReport.Name]
		if r == nil {
			continue
		}
		shown := &statusPreflight{Badge: badgeOf(r.Status), Unknown: undeterminedOf("", r.Checks)}
		for _, f := range r.Findings {
			if strings.HasPrefix(f.Runbook, preflight.Page) {
				f.Master = "" // it is in the heading
				shown.Findings = append(shown.Findings, newStatusFinding(f))
			}
		}
		p.Masters[i].Preflight = shown
	}
}
