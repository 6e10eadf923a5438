package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestMemoryLimit: the limit follows from --sentinel.reply-memory and the number of Sentinels, unless GOMEMLIMIT is set,
// and garbage is collected sooner than Go does, unless GOGC is set.
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
	t.Setenv("GOGC", "")
	look("go_gc_gogc_percent 80")
	t.Setenv("GOMEMLIMIT", "100MiB")
	t.Setenv("GOGC", "150")
	look("go_gc_gomemlimit_bytes 1.048576e+08")
	look("go_gc_gogc_percent 150")
}

// TestMemoryLimitGrows with the Sentinels that come with a file.
func TestMemoryLimitGrows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(config, []byte("deployment_files: [fleet-*.json]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := exportertest.StartProcess(t, "--sentinel.reply-memory=8MiB", "--config.file="+config)
	has := func(want string) func() bool {
		return func() bool { return p.MustGet(t, "/metrics").Has("go_gc_gomemlimit_bytes " + want) }
	}
	if !has("1.6777216e+07")() {
		t.Error("without Sentinels it is not twice 8 MiB")
	}
	writeFleet(t, filepath.Join(dir, "fleet-one.json"), map[string]fleetEntry{"orders": {fakeDeployment(t, "orders"), map[string]string{}}})
	sentineltest.WaitFor(t, "64 KiB more for each of three Sentinels", has("1.6973824e+07"))
}
