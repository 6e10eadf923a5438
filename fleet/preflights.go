package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

// keepPreflights is how long what the data nodes said is shown again: whoever reaches a page can load it as
// often as he likes.
const keepPreflights = 10 * time.Second

// mostKept is how many of them are kept of a deployment.
const mostKept = 32

// Why there is no report.
var (
	errNoTurn = errors.New("its data nodes are not asked: those of another page are, and that takes long; load this one again")
	errFull   = fmt.Errorf("its data nodes are not asked: those of %d other masters have been within %s, which is the most; load the page again then", mostKept, keepPreflights)
)

// A Preflight is what the data nodes of a master say, or the reason why they are not asked.
type Preflight struct {
	*preflight.Report
	Err error // nil if there is a report
}

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
// timeout. It returns what they say by master; nil if there is no account for them. A master that no Sentinel monitors is left out. They are
// asked to the end even if ctx ends: others wait for that.
func (d *Deployment) Preflights(ctx context.Context, snapshots []*sentinel.Snapshot, masters []string, timeout time.Duration) map[string]Preflight {
	if d.Preflight.Nodes == nil {
		return nil
	}
	found := make(map[string]Preflight)
	waiting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case d.looks.turn <- struct{}{}:
		defer func() { <-d.looks.turn }()
	case <-waiting.Done():
		for _, name := range masters {
			found[name] = Preflight{Err: errNoTurn}
		}
		return found
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
		if room--; room < 0 {
			found[name] = Preflight{Err: errFull}
			continue
		}
		wg.Go(func() { reports[i] = preflight.Assess(asking, snapshots, name, d.Preflight) })
	}
	wg.Wait()
	asked := false
	for i, name := range masters {
		if reports[i] == nil {
			continue
		}
		found[name] = Preflight{Report: reports[i]}
		if _, known := kept[name]; !known {
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
