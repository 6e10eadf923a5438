package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// mendTimeout limits the repair, which Ctrl-C does not interrupt.
const mendTimeout = 2 * time.Minute

// A stack is that of docker-compose.yml, running.
type stack struct {
	compose []string // the program, with its first arguments
	out     io.Writer
	getenv  func(string) string
}

// url is where a service is published.
func (s *stack) url(variable, port string) string {
	return "http://localhost:" + cmp.Or(s.getenv(variable), port)
}

func (s *stack) say(line string) { _, _ = fmt.Fprintln(s.out, line) }

// show breaks something, waits for a line, for the end of the input or of ctx, and
// mends it.
func (s *stack) show(ctx context.Context, f *fault, enter <-chan struct{}) (err error) {
	now, err := s.roles(ctx)
	if err != nil {
		return err
	}
	s.say("\n" + f.name + ": " + f.says)
	defer func() {
		mending, cancel := context.WithTimeout(context.WithoutCancel(ctx), mendTimeout)
		defer cancel()
		err = errors.Join(err, s.all(mending, now.in(f.mend)))
	}()
	if err := s.all(ctx, now.in(f.do)); err != nil {
		return err
	}
	s.say("  " + f.look)
	s.say("  the page      " + s.url("EXPORTER_PORT", "9355") + "/status")
	s.say("  Grafana       " + s.url("GRAFANA_PORT", "3000"))
	s.say("  the alert     " + f.alert + ", " + s.url("PROMETHEUS_PORT", "9090") + "/alerts" + f.lasting())
	s.say("  who was told  " + strings.Join(s.compose, " ") + " logs webhook")
	s.say("Enter mends it.")
	select {
	case <-enter:
	case <-ctx.Done():
	}
	return nil
}

func (f *fault) lasting() string {
	if f.after == "" {
		return ""
	}
	return ", when it has lasted " + f.after
}

// all runs commands of Docker Compose, all of them even if one fails, and says
// which.
func (s *stack) all(ctx context.Context, commands [][]string) error {
	var errs []error
	for _, args := range commands {
		words := slices.Concat(s.compose, args)
		s.say("  $ " + strings.Join(words, " "))
		if _, err := s.run(ctx, args); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// run runs one and returns what it prints.
func (s *stack) run(ctx context.Context, args []string) (string, error) {
	words := slices.Concat(s.compose, args)
	var complaint strings.Builder
	cmd := exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // the program is the user's, the rest ours
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(words, " "), err, strings.TrimSpace(complaint.String()))
	}
	return string(out), nil
}

// roles are the services that are the master and a replica at one time.
type roles struct{ master, replica string }

// roles asks the exporter.
func (s *stack) roles(ctx context.Context) (roles, error) {
	out, err := s.run(ctx, []string{"exec", "-T", "exporter", "/redis_sentinel_exporter", "discover", "master", "mymaster"})
	if err != nil {
		return roles{}, fmt.Errorf("which node is the master? (docker compose up starts the stack): %w", err)
	}
	host, _, err := net.SplitHostPort(strings.TrimSpace(out))
	if err != nil || !slices.Contains(nodes(), host) {
		return roles{}, fmt.Errorf("which node is the master? The exporter says %q", out)
	}
	others := slices.DeleteFunc(nodes(), func(name string) bool { return name == host })
	return roles{host, others[0]}, nil
}

// in returns the commands with the services that have these roles.
func (r roles) in(commands [][]string) [][]string {
	var list [][]string
	for _, command := range commands {
		words := slices.Clone(command)
		for i, word := range words {
			switch word {
			case master:
				words[i] = r.master
			case replica:
				words[i] = r.replica
			}
		}
		list = append(list, words)
	}
	return list
}
