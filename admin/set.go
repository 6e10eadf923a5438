package admin

import (
	"context"
	"errors"
	"fmt"

	"redis_sentinel_exporter/sentinel"
)

func (j *job) planSet(s *step) {
	if s.master == nil {
		s.err = errNotMonitored
		return
	}
	s.commands = j.setCommands()
	s.note = unseen(j.Settings)
	s.act = j.within(func(ctx context.Context) error {
		if err := j.set(ctx, s); err != nil {
			return err
		}
		m, err := s.client.Master(ctx, j.Master)
		if err != nil {
			return unread(err)
		}
		return j.readSettings(m)
	})
}

// setCommands returns the commands that set the settings.
func (j *job) setCommands() []string {
	var commands []string
	for _, o := range j.Settings {
		commands = append(commands, command("SENTINEL SET", j.Master)+" "+o.String())
	}
	return commands
}

// unseen returns a note that names the settings that cannot be read back; empty if there are
// none.
func unseen(settings []sentinel.Option) string {
	note := ""
	for _, s := range settings {
		if o, err := optionNamed(s.Name); err == nil && o.read == nil {
			if note != "" {
				note += ", "
			}
			note += s.Name
		}
	}
	if note == "" {
		return ""
	}
	return note + ": accepted; no Sentinel shows it, so it was not read back"
}

// set sets the settings. If one fails, the step has still changed something if an earlier one
// took effect.
func (j *job) set(ctx context.Context, s *step) error {
	err := s.client.Set(ctx, j.Master, j.Settings...)
	var partial *sentinel.SetError
	if errors.As(err, &partial) && len(partial.Applied) > 0 {
		s.changed = true
	}
	return err
}

// unread wraps the error of reading back what a command did.
func unread(err error) error {
	return fmt.Errorf("the Sentinel said OK, but its settings cannot be read: %w", err)
}

// readSettings returns an error if the Sentinel shows other values than those that were set.
func (j *job) readSettings(m *sentinel.Master) error {
	for _, o := range j.Settings {
		if shown, same := shows(m, o); !same {
			return fmt.Errorf("the Sentinel said OK to %s, but shows %s", o, shown)
		}
	}
	return nil
}
