package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
)

const unitPath = "systemd/redis_sentinel_exporter.service"

// TestSystemdUnit: systemd takes the unit, and holds it for well protected: its
// tool fails above an exposure of 1.5, on a scale to 10.
func TestSystemdUnit(t *testing.T) {
	t.Parallel()
	if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--threshold=15", unitPath).CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
	unit, err := os.ReadFile(unitPath)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"MemoryMax=512M", "LimitCORE=0", "StateDirectory=redis_sentinel_exporter",
		"Type=notify", "WatchdogSec=30", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX"} {
		if !strings.Contains(string(unit), "\n"+line+"\n") {
			t.Errorf("the unit lacks %s", line)
		}
	}
	// Without /proc/stat there is no process_start_time_seconds, in which the
	// dashboards see a restart.
	if strings.Contains(string(unit), "ProcSubset=pid") {
		t.Error("the unit hides /proc/stat")
	}
	// The program need not be installed for that.
	installed := filepath.Join(t.TempDir(), filepath.Base(unitPath))
	text := strings.Replace(string(unit), "ExecStart=/usr/bin/redis_sentinel_exporter", "ExecStart=/bin/true", 1)
	if text == string(unit) {
		t.Fatal("the unit starts something else")
	}
	if err := os.WriteFile(installed, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", installed).CombinedOutput(); err != nil || strings.Contains(string(out), installed+":") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// TestSystemdVariables: each variable in the example and the unit is that of a
// flag.
func TestSystemdVariables(t *testing.T) {
	t.Parallel()
	flags := helpFlags(t)
	for _, path := range []string{unitPath, "systemd/redis_sentinel_exporter.env"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`(?m)^(?:# ?)?(?:Environment=)?REDIS_SENTINEL_EXPORTER_([A-Z_]+)=`).FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s sets no variable", path)
		}
		for _, match := range found {
			name := strings.ToLower(match[1])
			if !flags[name] {
				t.Errorf("%s: REDIS_SENTINEL_EXPORTER_%s is no flag", path, match[1])
			}
		}
	}
}

// helpFlags are all flags, with underscores in the place of dots and dashes.
func helpFlags(t *testing.T) map[string]bool {
	t.Helper()
	help, stderr, status := exportertest.Output(t, "--help")
	if status != 0 {
		t.Fatalf("--help ended with %d: %s", status, stderr)
	}
	flags := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^\s+--(?:\[no-\])?([a-z.-]+)`).FindAllStringSubmatch(help, -1) {
		flags[strings.NewReplacer(".", "_", "-", "_").Replace(match[1])] = true
	}
	return flags
}
