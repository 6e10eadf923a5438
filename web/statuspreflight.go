package web

import (
	"context"
	"strings"
	"sync"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

// mostPreflights is how many masters there can be on the page for their data nodes to be asked:
// it is loaded again and again.
const mostPreflights = 4

// preflights are the reports on the data nodes, by master; nil if these are not asked.
type preflights map[string]*preflight.Report

// preflights asks the data nodes of the masters in the report.
func (s *statusPage) preflights(ctx context.Context, snapshots []*sentinel.Snapshot, r *health.Report) preflights {
	account := s.querier.deployment.Nodes
	if account == nil || len(r.Masters) > mostPreflights {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.querier.timeout)
	defer cancel()
	found := make(preflights)
	var mu sync.Mutex // guards found
	var wg sync.WaitGroup
	for i := range r.Masters {
		name := r.Masters[i].Name
		wg.Go(func() {
			report := preflight.Assess(ctx, snapshots, name, account)
			mu.Lock()
			defer mu.Unlock()
			found[name] = report
		})
	}
	wg.Wait()
	return found
}

// A statusPreflight is the part about the data nodes of a master.
type statusPreflight struct {
	Badge    badge
	Findings []statusFinding
	Unknown  []undetermined
}

// addPreflights adds what only the data nodes show: the other findings are on the page already.
func (p *statusData) addPreflights(found preflights) {
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
