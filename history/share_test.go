package history

import (
	"fmt"
	"testing"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// TestShareOfMasters: a Sentinel that names ever new masters leaves the others their part, and gets its own back when
// these have been quiet for long.
func TestShareOfMasters(t *testing.T) {
	t.Parallel()
	h := New(Options{})
	at := time.Unix(1_700_000_000, 0)
	for _, name := range []string{"a", "b"} {
		h.Handle(&sentinel.StreamUpdate{Sentinel: name, Time: at, Kind: sentinel.StreamUp})
	}
	try := func(by, master string) {
		h.Handle(&sentinel.StreamUpdate{Sentinel: by, Time: at, Kind: sentinel.StreamEvent, Event: sentinel.Event{Name: sentinel.EventTryFailover, Kind: sentinel.RoleMaster, Master: master}})
	}
	for i := range 2 * maxMasters {
		try("a", fmt.Sprint("x", i))
	}
	try("b", "m")
	if len(h.masters) != maxMasters/2+1 || h.masters["m"] == nil {
		t.Errorf("%d masters, of b %v", len(h.masters), h.masters["m"])
	}
	at = at.Add(25 * time.Hour)
	try("b", "m")
	try("a", "y")
	if len(h.masters) != 2 || h.masters["y"] == nil {
		t.Errorf("a day later %d masters, %d named by a", len(h.masters), h.named["a"])
	}
}
