package alerts_test

import (
	"context"
	"errors"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/internal/sentineltest/faults"
)

// groups are those of the shared table, which are the same for findings and metrics,
// and one of faults that only the alerts tell from others.
func groups() []faults.Group {
	return append(faults.Groups(), faults.Group{
		Name:   "most Sentinels",
		Config: sentineltest.Config{Replicas: 1},
		Faults: []faults.Fault{
			{Name: "all Sentinels killed", Make: killSentinels},
			{Name: "one forgets the master, one is in TILT", Make: forgetAndTilt},
			{Name: "two forget the master, the quorum is 1", Make: forgetMajority},
			{Name: "all forget the master", Make: forgetEverywhere},
			{Name: "one command not permitted", Make: forbid("-sentinel|replicas", 0)},
			{Name: "two Sentinels refuse the exporter", Make: forbid("-sentinel|masters", 1, 2)},
		},
	})
}

func killSentinels(_ context.Context, r *faults.Rig) (faults.Mend, error) {
	for _, s := range r.Sentinels {
		s.Kill()
	}
	return func(ctx context.Context) error {
		var errs []error
		for _, s := range r.Sentinels {
			errs = append(errs, s.Restart(ctx))
		}
		return errors.Join(errs...)
	}, nil
}

// forget makes some Sentinels monitor nothing. They answer PING as before.
func forget(ctx context.Context, r *faults.Rig, which ...int) (faults.Mend, error) {
	row, err := r.Sentinels[0].Row(ctx, "SENTINEL", "MASTER", faults.MasterName)
	if err != nil {
		return func(context.Context) error { return nil }, err
	}
	mend := func(ctx context.Context) error {
		var errs []error
		for _, i := range which {
			errs = append(errs, r.MonitorAs(ctx, i, row))
		}
		return errors.Join(errs...)
	}
	for _, i := range which {
		if _, err := r.Sentinels[i].CLI(ctx, "SENTINEL", "REMOVE", faults.MasterName); err != nil {
			return mend, err
		}
	}
	return mend, nil
}

func forgetEverywhere(ctx context.Context, r *faults.Rig) (faults.Mend, error) {
	return forget(ctx, r, 0, 1, 2)
}

// forgetMajority leaves as many as the quorum, who cannot elect a leader.
func forgetMajority(ctx context.Context, r *faults.Rig) (faults.Mend, error) {
	remember, err := forget(ctx, r, 1, 2)
	if err != nil {
		return remember, err
	}
	quorum := func(ctx context.Context, n string) error {
		_, err := r.Sentinels[0].CLI(ctx, "SENTINEL", "SET", faults.MasterName, "quorum", n)
		return err
	}
	mend := func(ctx context.Context) error { return errors.Join(quorum(ctx, "2"), remember(ctx)) }
	return mend, quorum(ctx, "1")
}

func forgetAndTilt(ctx context.Context, r *faults.Rig) (faults.Mend, error) {
	remember, err := forget(ctx, r, 2)
	if err != nil {
		return remember, err
	}
	mend := func(ctx context.Context) error { return errors.Join(r.Sentinels[1].EndTilt(ctx), remember(ctx)) }
	return mend, r.Sentinels[1].ForceTilt(ctx)
}

// forbid takes a permission away at some Sentinels.
func forbid(rule string, which ...int) func(context.Context, *faults.Rig) (faults.Mend, error) {
	return func(ctx context.Context, r *faults.Rig) (faults.Mend, error) {
		set := func(ctx context.Context, rule string) error {
			var errs []error
			for _, i := range which {
				_, err := r.Sentinels[i].CLI(ctx, "ACL", "SETUSER", "default", rule)
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		}
		return func(ctx context.Context) error { return set(ctx, "+@all") }, set(ctx, rule)
	}
}
