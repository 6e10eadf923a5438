package admin

import (
	"context"
	"errors"

	"redis_sentinel_exporter/sentinel"
)

func (j *job) planRemove(s *step) {
	if s.master == nil {
		s.note = "the Sentinel does not monitor the master"
		return
	}
	s.commands = []string{command("SENTINEL REMOVE", j.Master)}
	s.act = j.within(func(ctx context.Context) error {
		if err := s.client.Remove(ctx, j.Master); err != nil && !errors.Is(err, sentinel.ErrNoSuchMaster) {
			return err
		}
		switch _, err := s.client.Master(ctx, j.Master); {
		case errors.Is(err, sentinel.ErrNoSuchMaster):
			j.operator.removed.add(j.Master, s.master.Advertised())
			return nil
		case err != nil:
			return unread(err)
		}
		return errors.New("the Sentinel said OK, but still monitors the master")
	})
}
