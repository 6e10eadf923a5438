package admin_test

import (
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestResetRolls: when a Sentinel is reset, those before it have found all again.
// Only the named master is reset, though its name is a pattern for the other's.
func TestResetRolls(t *testing.T) {
	t.Parallel()
	const starry = "my*master"
	r := newRig(t, sentineltest.Config{Masters: []string{starry, "my-master"}, Replicas: 1})
	for i, s := range r.Sentinels {
		if got := r.cli(s.Node, "SENTINEL", "SET", starry, "parallel-syncs", "3"); got != "OK" {
			t.Fatalf("Sentinel %d: %s", i, got)
		}
	}
	var order []string
	answer := r.do(admin.Operation{Action: admin.Reset, Master: starry}, func(text string) {
		before, _, found := strings.Cut(text, ": SENTINEL RESET ")
		if !found {
			return
		}
		order = append(order, before)
		for i := range order {
			row := r.row(i, "SENTINEL", "MASTER", starry)
			if row.Get("num-slaves") != "1" || row.Get("num-other-sentinels") != "2" {
				t.Errorf("when %s is reset, Sentinel %d knows %s replicas and %s other Sentinels",
					before, i, row.Get("num-slaves"), row.Get("num-other-sentinels"))
			}
		}
	})
	r.want(answer, admin.Done, true, true, true)
	if got := strings.Join(order, ","); got != strings.Join(r.SentinelAddrs(), ",") {
		t.Errorf("the order was %s", got)
	}
	for i, s := range r.Sentinels {
		log, err := s.Log()
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log, "+reset-master master "); n != 1 || !strings.Contains(log, "+reset-master master "+starry+" ") {
			t.Errorf("Sentinel %d has reset %d masters:\n%s", i, n, log)
		}
	}
	r.shows(starry, "parallel-syncs", "3") // RESET keeps the settings
}

// TestResetStops when a Sentinel does not find again what it knew: the others
// would not, either.
func TestResetStops(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Quorum: 3})
	ctx := r.within(4 * time.Second)
	answer, err := r.operator.Do(ctx, admin.Operation{Action: admin.Reset, Master: name}, func(text string) {
		if strings.Contains(text, ": SENTINEL RESET ") {
			r.Masters[0].Replicas[0].Kill()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	r.want(answer, admin.Failed, true, false, false)
	if got := answer.Results[0].Error; !contains(got, "has not rediscovered", r.Masters[0].Replicas[0].Addr()) {
		t.Errorf("the first says %s", got)
	}
	r.shows(name, "num-slaves", "0", "1", "1")
}
