//go:build packages

package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A packager is what installs, upgrades and removes one kind of package.
type packager struct {
	install, upgrade, remove     []string
	toldAtUpgrade, toldAtRemoval []string // what systemctl is told
	left                         string   // the user's configuration, after the removal
}

func testDeb(t *testing.T, dir string) {
	testInstall(t, only(t, dir, "*_amd64.deb"), packager{
		install: []string{"dpkg", "--install"}, upgrade: []string{"dpkg", "--install"}, remove: []string{"dpkg", "--remove"},
		toldAtUpgrade: []string{"daemon-reload", "daemon-reload", "try-restart redis_sentinel_exporter.service"},
		toldAtRemoval: []string{"disable --now redis_sentinel_exporter.service", "daemon-reload"},
		left:          configured,
	})
}

func testRPM(t *testing.T, dir string) {
	testInstall(t, only(t, dir, "*.x86_64.rpm"), packager{
		install: []string{"rpm", "--install"}, upgrade: []string{"rpm", "--upgrade"}, remove: []string{"rpm", "--erase"},
		toldAtUpgrade: []string{"daemon-reload", "try-restart redis_sentinel_exporter.service", "daemon-reload"},
		toldAtRemoval: []string{"disable --now redis_sentinel_exporter.service", "daemon-reload"},
		left:          configured + ".rpmsave",
	})
}

// testInstall installs, upgrades and removes a package with the real dpkg or rpm, in a
// root directory of its own.
func testInstall(t *testing.T, file string, p packager) {
	t.Helper()
	r := newRoot(t)
	r.run(p.install, file)
	r.told("daemon-reload", "try-restart redis_sentinel_exporter.service") // not "start"
	for path, source := range map[string]string{
		"usr/lib/systemd/system/redis_sentinel_exporter.service": "../systemd/redis_sentinel_exporter.service",
		configured: "../systemd/redis_sentinel_exporter.env",
	} {
		if diff := cmp.Diff(read(t, source), read(t, filepath.Join(r.dir, path))); diff != "" {
			t.Errorf("%s is not %s:\n%s", path, source, diff)
		}
	}
	program := filepath.Join(r.dir, "usr/bin/redis_sentinel_exporter")
	output(t, program, "--version")
	output(t, "systemctl", "--root="+r.dir, "enable", "redis_sentinel_exporter")
	enabled := filepath.Join(r.dir, "etc/systemd/system/multi-user.target.wants/redis_sentinel_exporter.service")

	const mine = "REDIS_SENTINEL_EXPORTER_LOG_LEVEL=debug\n"
	r.write(configured, mine, 0o644)
	r.run(p.upgrade, newVersion(t, strings.TrimPrefix(filepath.Ext(file), ".")))
	r.told(p.toldAtUpgrade...)
	if read(t, program) != "#!/bin/sh\n" {
		t.Error("the upgrade has not replaced the program")
	}
	if got := read(t, filepath.Join(r.dir, configured)); got != mine {
		t.Errorf("the upgrade has changed the user's configuration:\n%s", got)
	}
	if _, err := os.Lstat(enabled); err != nil {
		t.Errorf("the upgraded service is not enabled: %v", err)
	}

	r.run(p.remove, "redis-sentinel-exporter")
	r.told(p.toldAtRemoval...)
	if diff := cmp.Diff([]string{p.left}, r.ours()); diff != "" {
		t.Errorf("after the removal (-want +got):\n%s", diff)
	}
}

// newVersion packs a program of one line as version 9.
func newVersion(t *testing.T, format string) string {
	t.Helper()
	dir, pages := t.TempDir(), t.TempDir()
	program := filepath.Join(t.TempDir(), "program")
	for path, text := range map[string]string{program: "#!/bin/sh\n", filepath.Join(pages, "README.md"): "# New\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pack := exec.CommandContext(t.Context(), ".bin/nfpm", "package", "--config=deploy/packages/nfpm.yaml", "--packager="+format, "--target="+dir)
	pack.Dir = "../.."
	pack.Env = append(os.Environ(), "ARCH=amd64", "VERSION=9", "BINARY="+program, "DOC="+pages)
	if out, err := pack.CombinedOutput(); err != nil {
		t.Fatalf("nfpm: %v\n%s", err, out)
	}
	return only(t, dir, "*."+format)
}

// A root is a directory to install into. The packages' scripts are run in it, where
// there is nothing but a shell, rm and a systemctl that writes down what it is told.
type root struct {
	t   *testing.T
	dir string
}

func newRoot(t *testing.T) *root {
	t.Helper()
	r := &root{t, t.TempDir()}
	for _, dir := range []string{"run/systemd/system", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/rpm", "var/tmp"} {
		if err := os.MkdirAll(filepath.Join(r.dir, dir), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	r.write("var/lib/dpkg/status", "", 0o644)
	r.write("usr/bin/systemctl", "#!/bin/sh\necho \"$@\" >>/told\n", 0o755)
	for _, program := range []string{"/bin/sh", "/bin/rm"} {
		r.write(program, read(t, program), 0o755)
		for word := range strings.FieldsSeq(output(t, "ldd", program)) {
			if strings.HasPrefix(word, "/") {
				r.write(word, read(t, word), 0o755)
			}
		}
	}
	return r
}

func (r *root) write(path, text string, mode os.FileMode) {
	r.t.Helper()
	path = filepath.Join(r.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		r.t.Fatal(err)
	}
}

// run runs dpkg or rpm in the root, as a root user that is none outside.
func (r *root) run(command []string, argument string) {
	r.t.Helper()
	args := append([]string{"--map-root-user", command[0], "--root=" + r.dir}, command[1:]...)
	output(r.t, "unshare", append(args, argument)...)
}

// told compares what systemctl was told since the last time.
func (r *root) told(want ...string) {
	r.t.Helper()
	got := strings.Split(strings.TrimSpace(read(r.t, filepath.Join(r.dir, "told"))), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("systemctl (-want +got):\n%s", diff)
	}
	r.write("told", "", 0o644)
}

// ours are the files and links in the root that have the exporter's name, but for what
// the packagers keep for themselves.
func (r *root) ours() []string {
	r.t.Helper()
	var found []string
	for line := range strings.Lines(output(r.t, "find", r.dir, "-iname", "*redis*sentinel*", "-not", "-path", "*/var/lib/*")) {
		found = append(found, strings.TrimPrefix(strings.TrimSpace(line), r.dir))
	}
	slices.Sort(found)
	return found
}
