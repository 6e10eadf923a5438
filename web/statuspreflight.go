package web

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

// mostPreflights is how many masters there can be on the page for their data nodes to be asked:
// it is loaded again and again.
const mostPreflights = 4

// preflights are the reports on the data nodes, by master; nil if these are not asked.
type preflights map[string]*preflight.Report

// A preflightMemory has the reports of the last refreshEvery: whoever reaches the page can load it as often as
// he likes, and the data nodes are asked for all of them at once.
type preflightMemory struct {
	turn chan struct{} // has room for the request that asks, which has the use of kept
	kept map[string]keptPreflight
}

type keptPreflight struct {
	report *preflight.Report
	at     time.Time
}

func newPreflightMemory() *preflightMemory {
	return &preflightMemory{turn: make(chan struct{}, 1), kept: make(map[string]keptPreflight)}
}

// preflights returns what the data nodes of the masters in the report say. They are asked to the end even if
// the client has gone: others wait for that.
func (s *statusPage) preflights(ctx context.Context, snapshots []*sentinel.Snapshot, r *health.Report) preflights {
	account, kept := s.querier.deployment.Nodes, s.memory.kept
	if account == nil || len(r.Masters) > mostPreflights {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, s.querier.timeout)
	defer cancel()
	select {
	case s.memory.turn <- struct{}{}:
		defer func() { <-s.memory.turn }()
	case <-waiting.Done():
		return nil
	}
	maps.DeleteFunc(kept, func(_ string, k keptPreflight) bool { return time.Since(k.at) > refreshEvery })
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.querier.timeout)
	defer cancel()
	reports := make([]*preflight.Report, len(r.Masters))
	var wg sync.WaitGroup
	for i := range r.Masters {
		name := r.Masters[i].Name
		if k, known := kept[name]; known {
			reports[i] = k.report
			continue
		}
		wg.Go(func() { reports[i] = preflight.Assess(asking, snapshots, name, account) })
	}
	wg.Wait()
	found := make(preflights)
	for i, report := range reports {
		name := r.Masters[i].Name
		found[name] = report
		if _, known := kept[name]; !known && report != nil {
			kept[name] = keptPreflight{report, time.Now()}
		}
	}
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
