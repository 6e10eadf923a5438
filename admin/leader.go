package admin

import (
	"cmp"
	"context"
	"slices"

	"redis_sentinel_exporter/deployment"
)

// leaderOf picks the Sentinel that will lead the failover. The one that leads publishes
// +switch-master last, seconds after the others, so of those that can lead it is the one with the
// fewest subscribers: the clients that listen there go on writing to the old master meanwhile.
// Of several with as many it is the one with the lowest id, so that every exporter picks the same
// one, whatever order it asks them in: that Sentinel refuses a second failover while the first goes on;
// two Sentinels would both lead one. Where nobody may count the subscribers it is the last one
// listed, as clients that listen to one Sentinel listen to the first. If none can lead, leaderOf
// returns all steps, each with its reason.
func (j *job) leaderOf(ctx context.Context, steps []*step) []*step {
	for _, fit := range []func(*step) bool{
		func(s *step) bool {
			return !s.snapshot.Tilt() && s.master.PromotableReplicas().Value > 0 && j.assessment.contradiction(deployment.View{Master: s.master, Snapshot: s.snapshot}) == nil
		},
		func(s *step) bool { return !s.snapshot.Tilt() && s.master.PromotableReplicas().Value > 0 },
		func(s *step) bool { return !s.snapshot.Tilt() },
		func(*step) bool { return true },
	} {
		able := slices.DeleteFunc(slices.Clone(steps), func(s *step) bool { return s.act == nil || !fit(s) })
		if len(able) > 0 {
			return []*step{j.leastHeard(ctx, able)}
		}
	}
	return steps
}

// leastHeard returns the step of the Sentinel with the fewest subscribers.
func (j *job) leastHeard(ctx context.Context, steps []*step) *step {
	subscribers := make(map[*step]int64)
	for _, s := range steps {
		n, err := j.subscribers(ctx, s)
		if err != nil {
			return steps[len(steps)-1]
		}
		subscribers[s] = n
	}
	return slices.MinFunc(steps, func(a, b *step) int {
		return cmp.Or(cmp.Compare(subscribers[a], subscribers[b]), cmp.Compare(a.snapshot.ID, b.snapshot.ID))
	})
}

// subscribers counts the clients that subscribe to the events of a Sentinel.
func (j *job) subscribers(ctx context.Context, s *step) (n int64, err error) {
	if info := s.snapshot.Info; info != nil && info.PubSubClients.Present {
		return info.PubSubClients.Value, nil
	}
	err = j.within(func(ctx context.Context) error {
		listed, err := s.client.Subscribers(ctx)
		n = int64(listed)
		return err
	})(ctx)
	return n, err
}
