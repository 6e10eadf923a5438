package sentinel

import (
	"context"
	"strings"
)

// A PendingScript is a notification or reconfiguration script that runs or waits.
type PendingScript struct {
	Argv     []string
	Running  bool     // otherwise it is scheduled
	PID      int64    // 0 when scheduled
	RunTime  Duration // of a running one
	RunDelay Duration // until a scheduled one runs
	Retries  int64    // runs so far
}

// PendingScripts asks for the queue of scripts (SENTINEL PENDING-SCRIPTS).
func (c *Client) PendingScripts(ctx context.Context) ([]PendingScript, error) {
	return query(ctx, c, parsePendingScripts, "SENTINEL", "PENDING-SCRIPTS")
}

func parsePendingScripts(raw string) ([]PendingScript, error) {
	return instances(&reply{rest: raw}, "scripts", maxEntries, readPendingScript)
}

// readPendingScript parses a flat array of names and values. The value of argv is an array.
func readPendingScript(r *reply, s *PendingScript) error {
	n, err := r.array()
	if err != nil {
		return err
	}
	if n < 0 || n%2 != 0 {
		return errMalformed
	}
	for range n / 2 {
		name, err := r.text()
		if err != nil {
			return err
		}
		if name == "argv" {
			if s.Argv, err = r.texts(); err != nil {
				return err
			}
			continue
		}
		value, err := r.text()
		if err != nil {
			return err
		}
		if err := s.set(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *PendingScript) set(name, value string) (err error) {
	var n Number
	switch name {
	case "flags":
		s.Running = strings.Contains(value, "running")
	case "pid":
		n, err = number(name, value)
		s.PID = n.Value
	case "run-time":
		s.RunTime, err = millis(name, value)
	case "run-delay":
		s.RunDelay, err = millis(name, value)
	case "retry-num":
		n, err = number(name, value)
		s.Retries = n.Value
	}
	return err
}
