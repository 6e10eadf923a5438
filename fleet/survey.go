package fleet

import (
	"context"
	"sync"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/health"
)

// Surveyed is a deployment as a Survey takes it.
type Surveyed struct {
	Sentinels Snapshotter
	Given     []string // the addresses of the file
	// Timeout is how long the Sentinels may take at most; 0 for what the Survey allows.
	Timeout time.Duration
}

// surveyAtOnce is how many deployments are begun at once by a Survey.
const surveyAtOnce = 256

// Survey asks all deployments once, within the timeout, and returns the line of each, the worst
// first. Those that hang do not keep the others from being asked: each is begun within the first half.
func Survey(ctx context.Context, timeout time.Duration, named map[string]Surveyed, hosts canstop.HostMap) []Line {
	asking, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	patience := timeout / 2 / time.Duration((len(named)+surveyAtOnce-1)/surveyAtOnce+1)
	places := make(chan struct{}, surveyAtOnce)
	var shared registry
	var list []*Deployment
	var wg sync.WaitGroup
	for name, s := range named {
		d := &Deployment{Parts: Parts{Sentinels: s.Sentinels, HostMap: hosts, Timeout: s.Timeout}, name: name, registry: &shared, given: s.Given}
		list = append(list, d)
		places <- struct{}{}
		leave := sync.OnceFunc(func() { <-places })
		waiting := time.AfterFunc(patience, leave)
		wg.Go(func() {
			defer leave()
			defer waiting.Stop()
			asking, cancel := context.WithTimeout(asking, d.Limit(timeout))
			defer cancel()
			d.survey(asking)
		})
	}
	wg.Wait()
	return linesOf(list)
}

// survey asks the Sentinels and remembers what they say. What others have as well is for the line: not all are known yet.
func (d *Deployment) survey(ctx context.Context) {
	snapshots := d.Sentinels.Snapshots(ctx)
	d.mark(snapshots)
	report := health.Assess(snapshots, d.HostMap)
	d.remember(snapshots, &report)
	for _, s := range snapshots {
		s.Release()
	}
}
