package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// A Snapshotter asks the Sentinels of one deployment.
type Snapshotter interface {
	Snapshots(ctx context.Context) []*sentinel.Snapshot
}

var _ Snapshotter = (*deployment.Deployment)(nil)

// A ManyRunner is a command that can be about all named deployments at once.
type ManyRunner interface {
	Runner
	// WantsAll reports whether it is.
	WantsAll() bool
	// RunAll is Run for all of them, by their names.
	RunAll(ctx context.Context, named map[string]Snapshotter, streams Streams) (status int, err error)
}

var _ ManyRunner = (*checkCommand)(nil)

// mostAtOnce is how many deployments are asked at once. More than that many that hang take the
// time of others, which are then unknown.
const mostAtOnce = 256

// A checkedDeployment is a line of `check --all`.
type checkedDeployment struct {
	Name     string        `json:"name"`
	Status   health.Status `json:"status"`
	Summary  string        `json:"summary"`
	Masters  int           `json:"masters"`
	Asked    int           `json:"sentinels_asked"`
	Answered int           `json:"sentinels_answered"`
}

// WantsAll reports whether --all is given.
func (c *checkCommand) WantsAll() bool { return c.all }

// RunAll prints a line for each deployment, the worst first.
func (c *checkCommand) RunAll(ctx context.Context, named map[string]Snapshotter, streams Streams) (int, error) {
	if c.master != nil {
		return 0, errors.New("--all is about all masters of all deployments: give no master")
	}
	lines := checkAll(ctx, named, streams)
	worst := lines[0].Status
	what := struct {
		Deployments []checkedDeployment `json:"deployments"`
	}{lines}
	err := printAs(c.output, streams.Out, what, func(w io.Writer) {
		for i := range lines {
			l := &lines[i]
			fmt.Fprintf(w, "%-8s %s: %s\n", strings.ToUpper(l.Status.String()), l.Name, l.Summary)
		}
	})
	if err != nil {
		return 0, fmt.Errorf("printing the verdicts: %w", err)
	}
	if worst == health.Warning && c.failOn == "critical" {
		return 0, nil
	}
	return int(worst), nil
}

// checkAll asks all deployments within the timeout.
func checkAll(ctx context.Context, named map[string]Snapshotter, streams Streams) []checkedDeployment {
	ctx, cancel := context.WithTimeout(ctx, streams.Timeout)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var lines []checkedDeployment
	places := make(chan struct{}, mostAtOnce)
	for name, d := range named {
		wg.Go(func() {
			line := checkedDeployment{Name: name, Status: health.Unknown, Summary: "not asked: too many others took all of the time (--sentinel.timeout)"}
			select {
			case places <- struct{}{}:
				r := health.Assess(d.Snapshots(ctx), streams.HostMap)
				<-places
				line = checkedDeployment{name, r.Status, r.Sentence(), len(r.Masters), r.Asked, r.Answered}
			case <-ctx.Done():
			}
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, line)
		})
	}
	wg.Wait()
	slices.SortFunc(lines, func(a, b checkedDeployment) int {
		return cmp.Or(b.Status.Compare(a.Status), cmp.Compare(a.Name, b.Name))
	})
	return lines
}
