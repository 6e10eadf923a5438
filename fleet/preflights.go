package fleet

import (
	"context"
	"maps"
	"sync"
	"time"

	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

// keepPreflights is how long what the data nodes said is shown again: whoever reaches a page can load it as
// often as he likes.
const keepPreflights = 10 * time.Second

// mostKept is how many of them are kept of a deployment: whoever asks for more masters within that time is told nothing.
const mostKept = 32

// preflights are the last reports on the data nodes of a deployment, by master.
type preflights struct {
	turn chan struct{} // has room for whoever asks, who has the use of kept
	kept map[string]keptPreflight
}

type keptPreflight struct {
	report *preflight.Report
	at     time.Time
}

func newPreflights() preflights {
	return preflights{turn: make(chan struct{}, 1), kept: make(map[string]keptPreflight)}
}

// Preflights looks at the data nodes of some masters, at most every 10 s, and takes at most twice the
// timeout. It returns the reports by master; nil if the data nodes are not asked, or another caller asks them for
// longer than the timeout. A master has none while those of 32 others are kept. They are asked to the end even if ctx ends: others wait for that.
func (d *Deployment) Preflights(ctx context.Context, snapshots []*sentinel.Snapshot, masters []string, timeout time.Duration) map[string]*preflight.Report {
	if d.Preflight.Nodes == nil {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case d.looks.turn <- struct{}{}:
		defer func() { <-d.looks.turn }()
	case <-waiting.Done():
		return nil
	}
	d.looks.forget()
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	kept := d.looks.kept
	room := mostKept - len(kept)
	reports := make([]*preflight.Report, len(masters))
	var wg sync.WaitGroup
	for i, name := range masters {
		if k, known := kept[name]; known {
			reports[i] = k.report
			continue
		}
		if room--; room >= 0 {
			wg.Go(func() { reports[i] = preflight.Assess(asking, snapshots, name, d.Preflight) })
		}
	}
	wg.Wait()
	found := make(map[string]*preflight.Report)
	asked := false
	for i, name := range masters {
		found[name] = reports[i]
		if _, known := kept[name]; !known && reports[i] != nil {
			kept[name], asked = keptPreflight{reports[i], time.Now()}, true
		}
	}
	if asked { // perhaps nobody asks again
		time.AfterFunc(keepPreflights+time.Second, func() {
			select {
			case d.looks.turn <- struct{}{}:
				d.looks.forget()
				<-d.looks.turn
			default: // somebody does
			}
		})
	}
	return found
}

// forget leaves out those that are too old. It is for whoever has the turn.
func (p *preflights) forget() {
	maps.DeleteFunc(p.kept, func(_ string, k keptPreflight) bool { return time.Since(k.at) > keepPreflights })
}
