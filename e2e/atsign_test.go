package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestAtSign: a name that begins with @ is a name, and not a file whose lines are words.
func TestAtSign(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("canary\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{Name: func(int) string { return "@" + file }})
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "--sentinel.address="+fake.Addr(), "discover", "master", "@"+file)
	cmd.Env = append(os.Environ(), exportertest.Variable)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "canary") {
		t.Errorf("got %v\n%s", err, out)
	}
}
