package sentinel_test

import (
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// TestInfoCacheUnasked: without the option there is INFO-CACHE of a Sentinel's only
// master, and of one of several when that does not look well.
func TestInfoCacheUnasked(t *testing.T) {
	t.Parallel()
	alone := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: 1})
	c := newClient(t, sentinel.Options{Address: alone.Sentinels[0].Addr()})
	for _, when := range []string{"at first", "with the masters known"} {
		if s := c.Snapshot(within(t, 10*time.Second)); !s.Up() || len(s.Masters[0].Cache) != 2 {
			t.Errorf("%s: of the only master: %+v, error %v", when, s.Masters, s.Err)
		}
	}

	several := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: 1, Masters: []string{"one", "two"}})
	c = newClient(t, sentinel.Options{Address: several.Sentinels[0].Addr()})
	known := func(name string) bool { return c.Snapshot(within(t, 10*time.Second)).Master(name).Cache != nil }
	if known("one") || known("two") {
		t.Error("INFO-CACHE was asked of two masters that are well")
	}
	several.Masters[1].Replicas[0].Kill()
	sentineltest.WaitFor(t, "INFO-CACHE of the master that has lost its replica", func() bool { return known("two") })
	if known("one") {
		t.Error("INFO-CACHE was asked of the other master, too")
	}
}

// TestInfoCacheRefused: that it is refused is a failure only to those who demand it.
func TestInfoCacheRefused(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{
		Sentinels: 1, Replicas: sentineltest.None,
		ACL: []string{"user lame on >pass resetchannels -@all +ping +info +sentinel|masters +sentinel|myid +sentinel|replicas +sentinel|sentinels +sentinel|ckquorum"},
	})
	for _, demanded := range []bool{false, true} {
		c := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr(), Username: "lame", Password: password("pass"), InfoCache: demanded})
		for range 2 {
			s := c.Snapshot(within(t, 10*time.Second))
			if refused := s.Failed(sentinel.CommandInfoCache) != nil; !s.Up() || refused != demanded || (len(s.Failures) > 0) != demanded {
				t.Errorf("demanded %t: error %v, failures %v", demanded, s.Err, s.Failures)
			}
		}
	}
}
