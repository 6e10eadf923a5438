package deployment

import (
	"testing"

	"redis_sentinel_exporter/sentinel"
)

// TestSomeAreAuthoritative: of views there is always one to believe, whatever epochs the Sentinels say.
func TestSomeAreAuthoritative(t *testing.T) {
	t.Parallel()
	for _, epochs := range [][]int64{{-5}, {-5, -7}, {-1, 0}, {-1 << 63}} {
		var views []View
		for _, epoch := range epochs {
			views = append(views, View{&sentinel.Master{ConfigEpoch: sentinel.Some(epoch)}, &sentinel.Snapshot{}})
		}
		if got := Authoritative(views); len(got) != 1 || got[0].ConfigEpoch.Value != max(epochs[0], epochs[len(epochs)-1]) {
			t.Errorf("of the epochs %d: %v", epochs, got)
		}
	}
}
