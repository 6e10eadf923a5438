package alerts_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// run runs a program, which must be there and succeed.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestPromtool does not run beside the faults: it takes all the processor that
// there is, and their servers need some.
func TestPromtool(t *testing.T) {
	t.Log(run(t, "promtool", "check", "rules", rulesFile, compatFile))
	t.Log(run(t, "promtool", "test", "rules", "redis_sentinel.rules_test.yml", "redis_exporter_compat.rules_test.yml"))
	t.Log(run(t, "promtool", "check", "config", "../deploy/prometheus.yml"))
	refusesNativeHistograms(t, "promtool")
}

// refusesNativeHistograms: a Prometheus before 3.8 refuses deploy/prometheus.yml with the setting that the file has as a
// comment. Where it does not, the file can have it.
func refusesNativeHistograms(t *testing.T, promtool string) {
	t.Helper()
	const setting = "  scrape_native_histograms: true\n"
	text := readFile(t, "../deploy/prometheus.yml")
	set := strings.Replace(text, "  # scrape_native_histograms: true\n", setting, 1)
	if set == text {
		t.Fatalf("deploy/prometheus.yml has no comment with %q", setting)
	}
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	writeFile(t, file, set)
	out, err := exec.CommandContext(t.Context(), promtool, "check", "config", "--syntax-only", file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "field scrape_native_histograms not found") {
		t.Errorf("%s, of the setting that Prometheus has from 3.8 on: %v\n%s", promtool, err, out)
	}
	writeFile(t, file, text)
	run(t, promtool, "check", "config", "--syntax-only", file)
}

func TestAmtool(t *testing.T) {
	t.Parallel()
	t.Log(run(t, "amtool", "check-config", alertmanagerFile))
	for severity, receiver := range map[string]string{
		"critical": "page", "warning": "morning", "info": "information", "none": "watchdog", "unknown": "morning",
	} {
		run(t, "amtool", "config", "routes", "test", "--config.file="+alertmanagerFile, "--verify.receivers="+receiver,
			"severity="+severity, "job=redis_sentinel", "master_name=mymaster")
	}
}
