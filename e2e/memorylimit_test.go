package e2e_test

import (
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestMemoryLimit: the limit follows from --sentinel.reply-memory and the number of Sentinels, unless GOMEMLIMIT is set.
// No control group in which tests run is as small as these.
func TestMemoryLimit(t *testing.T) {
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	look := func(want string) {
		t.Helper()
		p := exportertest.StartProcess(t, "--sentinel.reply-memory=8MiB", "--sentinel.address="+fake.Addr())
		if page := p.MustGet(t, "/metrics"); !page.Has(want) {
			t.Errorf("%s is not among the metrics", want)
		}
	}
	look("go_gc_gomemlimit_bytes 1.6842752e+07") // twice 8 MiB, and 64 KiB for the one Sentinel
	t.Setenv("GOMEMLIMIT", "100MiB")
	look("go_gc_gomemlimit_bytes 1.048576e+08")
}
