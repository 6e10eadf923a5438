package fleet

import (
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/role"
)

// However many checks of load balancers come in, the Sentinels of a named deployment are asked once
// a second, those of another one are not, and those of one that is gone no longer.
func TestRoles(t *testing.T) {
	t.Parallel()
	asked := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 1})
	other := sentineltest.RunFake(t, sentineltest.FakeConfig{Replicas: 1})
	opts := roomy()
	opts.Events = false
	opts.RoleGrace = 10 * time.Second
	both := "deployments:\n" + line("asked", asked.Addr()) + line("other", other.Addr())
	r := newRig(t, opts, both)
	check := role.Check{Master: "mymaster", Node: r.snapshots(t, "asked")[0].Master("mymaster").Addr}
	d, release, err := r.Acquire("asked")
	if err != nil {
		t.Fatal(err)
	}
	before, beforeOther := asked.Count("SENTINEL MASTERS"), other.Count("SENTINEL MASTERS")
	began := time.Now()
	for time.Since(began) < 2500*time.Millisecond {
		if got := d.Roles.Master(t.Context(), check); got.Verdict != role.Yes {
			t.Fatalf("got %+v", got)
		}
	}
	took := time.Since(began)
	// One for the refresh in the background, which may have come late.
	if n := asked.Count("SENTINEL MASTERS") - before; n < 2 || n > int(took.Seconds())+3 {
		t.Errorf("it was asked %d times in %s", n, took)
	}
	if n := other.Count("SENTINEL MASTERS") - beforeOther; n > 1 {
		t.Errorf("the other one was asked %d times", n)
	}
	if got := r.Uncertain(); len(got) != 2 || len(got["other"]) != 0 || len(got["asked"]) != 1 || got["asked"]["mymaster"] {
		t.Errorf("uncertain are %v", got)
	}
	release()
	if err := r.reload(t, "deployments:\n"+line("other", other.Addr())); err != nil {
		t.Fatal(err)
	}
	sentineltest.WaitFor(t, "its connections to be closed", func() bool {
		_, open := asked.Connections()
		return open == 0
	})
	last := asked.Count("SENTINEL MASTERS")
	if got := d.Roles.Master(t.Context(), check); got.Verdict == role.Yes && got.Grace == 0 {
		t.Errorf("of one that is gone: got %+v", got)
	}
	if n := asked.Count("SENTINEL MASTERS"); n != last {
		t.Errorf("it was asked %d times after it was gone", n-last)
	}
}
