package faults

import (
	"context"
	"errors"
	"sync"
	"time"
)

// resetAgain tells the Sentinels every half second to forget what they know, as an operator does that takes a dead
// node for one too many, and kills the master meanwhile.
func resetAgain(ctx context.Context, r *Rig) (Mend, error) {
	master, _, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	resetting, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() {
		for resetting.Err() == nil {
			_ = r.each(resetting, "SENTINEL", "RESET", MasterName) // the next one follows
			select {
			case <-time.After(500 * time.Millisecond):
			case <-resetting.Done():
			}
		}
	})
	master.Kill()
	return func(ctx context.Context) error {
		stop()
		wg.Wait()
		return master.Restart(ctx)
	}, nil
}

// forgetDeadMaster kills the master, and tells the Sentinels at once to forget what they know: nobody tells them again.
func forgetDeadMaster(ctx context.Context, r *Rig) (Mend, error) {
	master, _, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	master.Kill()
	// One that is told a moment later than another may have said hello to it between.
	err = until(ctx, "no Sentinel knows another", func() (bool, error) {
		if err := r.each(ctx, "SENTINEL", "RESET", MasterName); err != nil {
			return false, err
		}
		const hellos = 3 * time.Second // one every 2 s
		select {
		case <-time.After(hellos):
		case <-ctx.Done():
		}
		for _, s := range r.Sentinels {
			row, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
			if err != nil || row.Get("num-other-sentinels") != "0" {
				return false, errors.Join(err, ctx.Err())
			}
		}
		return true, nil
	})
	return master.Restart, err
}
