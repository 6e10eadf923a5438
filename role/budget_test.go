package role

import (
	"testing"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// TestRoundsGiveBack: a round gives back what the one before has of the budget. The garbage
// collector would do that, too, but some rounds too late.
func TestRoundsGiveBack(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Masters: 300, Replicas: 2, Peers: 2})
	c := sentinel.NewClient(sentinel.Options{Address: fake.Addr(), Budget: sentinel.NewBudget(4 << 20)})
	d := deployment.New(c)
	defer d.Close()
	k := NewKeeper(d, Options{Timeout: 10 * time.Second})
	for i := range 20 {
		k.round(t.Context())
		if s := k.heard[fake.Addr()]; !s.Up() || len(s.Failures) > 0 {
			t.Fatalf("round %d: %v, %v", i, s.Err, s.Failures)
		}
	}
}
