package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/health"
)

// A ManyRunner is a command that can be about all named deployments at once.
type ManyRunner interface {
	Runner
	// WantsAll reports whether it is.
	WantsAll() bool
	// RunAll is Run for all of them, by their names.
	RunAll(ctx context.Context, named map[string]fleet.Surveyed, streams Streams) (status int, err error)
}

var _ ManyRunner = (*checkCommand)(nil)

// WantsAll reports whether --all is given.
func (c *checkCommand) WantsAll() bool { return c.all }

// RunAll prints a line for each deployment, the worst first.
func (c *checkCommand) RunAll(ctx context.Context, named map[string]fleet.Surveyed, streams Streams) (int, error) {
	if c.master != nil {
		return 0, errors.New("--all is about all masters of all deployments: give no master")
	}
	lines := fleet.Survey(ctx, streams.Timeout, named, streams.HostMap)
	what := struct {
		Deployments []fleet.Line `json:"deployments"`
	}{lines}
	err := printAs(c.output, streams.Out, what, func(w io.Writer) {
		for i := range lines {
			printLine(w, &lines[i])
		}
	})
	if err != nil {
		return 0, fmt.Errorf("printing the verdicts: %w", err)
	}
	worst := lines[0].Status
	if worst == health.Warning && c.failOn == "critical" {
		return 0, nil
	}
	return int(worst), nil
}

func printLine(w io.Writer, l *fleet.Line) {
	text := strings.Join(append([]string{l.Sentence()}, l.SharedBesides()...), "; ")
	fmt.Fprintf(w, "%-8s %s: %s\n", strings.ToUpper(l.Status.String()), l.Name, text)
}
