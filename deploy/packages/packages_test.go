//go:build packages

package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestPackages makes those of linux/amd64 twice: the bytes are the same, and in
// them is what is to be installed, with the modes that it needs.
func TestPackages(t *testing.T) {
	t.Parallel()
	first, second := t.TempDir(), t.TempDir()
	sums := output(t, "./build", first, "linux/amd64")
	if again := output(t, "./build", second, "linux/amd64"); again != sums {
		t.Errorf("the second time (-first +second):\n%s", cmp.Diff(sums, again))
	}
	check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = first
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("the checksums: %v\n%s", err, out)
	}
	deb, rpm, archive := only(t, first, "*_amd64.deb"), only(t, first, "*.x86_64.rpm"), only(t, first, "*.linux-amd64.tar.gz")

	installed := map[string]string{
		"/usr/bin/redis_sentinel_exporter":                           "-rwxr-xr-x",
		"/usr/lib/systemd/system/redis_sentinel_exporter.service":    "-rw-r--r--",
		"/etc/default/redis_sentinel_exporter":                       "-rw-r--r--",
		"/usr/share/doc/redis-sentinel-exporter/README.md":           "-rw-r--r--",
		"/usr/share/doc/redis-sentinel-exporter/CHANGELOG.md":        "-rw-r--r--",
		"/usr/share/doc/redis-sentinel-exporter/examples/config.yml": "-rw-r--r--",
	}
	if diff := cmp.Diff(installed, files(output(t, "dpkg-deb", "--contents", deb))); diff != "" {
		t.Errorf("the deb (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(installed, files(output(t, "rpm", "-qplv", rpm))); diff != "" {
		t.Errorf("the rpm (-want +got):\n%s", diff)
	}
	control := t.TempDir()
	output(t, "dpkg-deb", "--control", deb, control)
	if got := read(t, filepath.Join(control, "conffiles")); got != "/etc/default/redis_sentinel_exporter\n" {
		t.Errorf("the deb's configuration files are %q", got)
	}
	if got := output(t, "rpm", "-qpc", rpm); got != "/etc/default/redis_sentinel_exporter\n" {
		t.Errorf("the rpm's configuration files are %q", got)
	}
	if got := output(t, "dpkg-deb", "--field", deb, "Package", "Architecture"); got != "Package: redis-sentinel-exporter\nArchitecture: amd64\n" {
		t.Errorf("the deb is of\n%s", got)
	}

	root := t.TempDir()
	output(t, "dpkg-deb", "--extract", deb, root)
	for path, source := range map[string]string{
		"usr/lib/systemd/system/redis_sentinel_exporter.service": "../systemd/redis_sentinel_exporter.service",
		"etc/default/redis_sentinel_exporter":                    "../systemd/redis_sentinel_exporter.env",
	} {
		if diff := cmp.Diff(read(t, source), read(t, filepath.Join(root, path))); diff != "" {
			t.Errorf("%s is not %s:\n%s", path, source, diff)
		}
	}
	program := filepath.Join(root, "usr/bin/redis_sentinel_exporter")
	output(t, program, "config", "check", "--config.file="+filepath.Join(root, "usr/share/doc/redis-sentinel-exporter/examples/config.yml"))
	revision := strings.TrimSpace(output(t, "git", "rev-parse", "HEAD"))
	if got := output(t, program, "--version"); !strings.Contains(got, revision) {
		t.Errorf("--version does not say %s:\n%s", revision, got)
	}

	name := strings.TrimSuffix(filepath.Base(archive), ".tar.gz")
	want := map[string]string{"/" + name + "/redis_sentinel_exporter": "-rwxr-xr-x"}
	for _, file := range []string{"README.md", "CHANGELOG.md", "config.yml", "redis_sentinel_exporter.env", "redis_sentinel_exporter.service"} {
		want["/"+name+"/"+file] = "-rw-r--r--"
	}
	if diff := cmp.Diff(want, files(output(t, "tar", "-tvzf", archive))); diff != "" {
		t.Errorf("the archive (-want +got):\n%s", diff)
	}
}

// files returns the mode of each file of a listing as tar and rpm make it.
func files(listing string) map[string]string {
	modes := map[string]string{}
	for line := range strings.Lines(listing) {
		if fields := strings.Fields(line); strings.HasPrefix(line, "-") {
			modes["/"+strings.TrimLeft(fields[len(fields)-1], "./")] = fields[0]
		}
	}
	return modes
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, &stderr)
	}
	return string(out)
}

func only(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: got %v, %v, want one", pattern, found, err)
	}
	return found[0]
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
