//go:build packages

package packages

import (
	"debug/buildinfo"
	"debug/elf"
	"debug/macho"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// configured is the file that belongs to the user once it is installed.
const configured = "/etc/default/redis_sentinel_exporter"

var platforms = flag.String("packages.platforms", "linux/amd64 linux/arm64 darwin/amd64 darwin/arm64", "what to make packages for, linux/amd64 among it")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestPackages makes the packages once for all that is tested of them.
func TestPackages(t *testing.T) {
	dir := build(t, strings.Fields(*platforms)...)
	for name, test := range map[string]func(*testing.T, string){
		"contents": testContents, "again": testAgain, "platforms": testPlatforms, "deb": testDeb, "rpm": testRPM,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dir)
		})
	}
}

// testAgain: those of linux/amd64 are the same bytes when they are made again.
func testAgain(t *testing.T, dir string) {
	first, again := read(t, dir+"/SHA256SUMS"), read(t, build(t, "linux/amd64")+"/SHA256SUMS")
	for line := range strings.Lines(again) {
		if !strings.Contains(first, line) {
			t.Errorf("the second time there is %s, the first time there was\n%s", line, first)
		}
	}
}

// testContents: in them is what is to be installed, with the modes that it needs.
func testContents(t *testing.T, dir string) {
	check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = dir
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("the checksums: %v\n%s", err, out)
	}
	installed := map[string]string{
		"/usr/bin/redis_sentinel_exporter":                        "-rwxr-xr-x",
		"/usr/lib/systemd/system/redis_sentinel_exporter.service": "-rw-r--r--",
		configured: "-rw-r--r--",
	}
	unpacked := map[string]string{"/redis_sentinel_exporter": "-rwxr-xr-x"}
	for _, page := range pages(t) {
		installed["/usr/share/doc/redis-sentinel-exporter/"+page] = "-rw-r--r--"
		unpacked["/"+page] = "-rw-r--r--"
	}
	for platform := range strings.FieldsSeq(strings.ReplaceAll(*platforms, "/", "-")) {
		archive := only(t, dir, "*."+platform+".tar.gz")
		name := strings.TrimSuffix(filepath.Base(archive), ".tar.gz")
		if diff := cmp.Diff(unpacked, files(strings.ReplaceAll(output(t, "tar", "-tvzf", archive), " "+name+"/", " "))); diff != "" {
			t.Errorf("the archive for %s (-want +got):\n%s", platform, diff)
		}
		arch, ok := strings.CutPrefix(platform, "linux-")
		if !ok {
			continue
		}
		deb, rpm := only(t, dir, "*_"+arch+".deb"), only(t, dir, "*."+map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch]+".rpm")
		if diff := cmp.Diff(installed, files(output(t, "dpkg-deb", "--contents", deb))); diff != "" {
			t.Errorf("the deb for %s (-want +got):\n%s", arch, diff)
		}
		if diff := cmp.Diff(installed, files(output(t, "rpm", "-qplv", rpm))); diff != "" {
			t.Errorf("the rpm for %s (-want +got):\n%s", arch, diff)
		}
		if got := output(t, "rpm", "-qpc", rpm); got != configured+"\n" {
			t.Errorf("the rpm's configuration files are %q", got)
		}
		if got := output(t, "dpkg-deb", "--field", deb, "Package", "Architecture"); got != "Package: redis-sentinel-exporter\nArchitecture: "+arch+"\n" {
			t.Errorf("the deb is of\n%s", got)
		}
	}

	root := t.TempDir()
	output(t, "tar", "-C", root, "--strip-components=1", "-xzf", only(t, dir, "*.linux-amd64.tar.gz"))
	program := filepath.Join(root, "redis_sentinel_exporter")
	output(t, program, "config", "check", "--config.file="+filepath.Join(root, "config.yml"))
	revision := strings.TrimSpace(output(t, "git", "rev-parse", "HEAD"))
	if got := output(t, program, "--version"); !strings.Contains(got, revision) {
		t.Errorf("--version does not say %s:\n%s", revision, got)
	}
}

// testPlatforms: each archive has a program for its platform, by the header that the
// kernel reads and by what the Go tools wrote into it.
func testPlatforms(t *testing.T, dir string) {
	headers := map[string]string{
		"linux-amd64": "ELFCLASS64 EM_X86_64", "linux-arm64": "ELFCLASS64 EM_AARCH64", "darwin-amd64": "Mach-O CpuAmd64", "darwin-arm64": "Mach-O CpuArm64",
	}
	for platform := range strings.FieldsSeq(strings.ReplaceAll(*platforms, "/", "-")) {
		want, root := headers[platform], t.TempDir()
		output(t, "tar", "-C", root, "--strip-components=1", "-xzf", only(t, dir, "*."+platform+".tar.gz"))
		program := filepath.Join(root, "redis_sentinel_exporter")
		if got := header(t, program); got != want {
			t.Errorf("%s is a program for %s, want %s", platform, got, want)
		}
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		settings := map[string]string{}
		for _, s := range info.Settings {
			settings[s.Key] = s.Value
		}
		if got := settings["GOOS"] + "-" + settings["GOARCH"]; got != platform || settings["CGO_ENABLED"] != "0" {
			t.Errorf("%s was built for %s, CGO_ENABLED=%s", platform, got, settings["CGO_ENABLED"])
		}
	}
}

// header says for what a program is.
func header(t *testing.T, program string) string {
	t.Helper()
	if file, err := elf.Open(program); err == nil {
		defer func() { _ = file.Close() }()
		return file.Class.String() + " " + file.Machine.String()
	}
	file, err := macho.Open(program)
	if err != nil {
		t.Fatalf("%s is neither of Linux nor of macOS: %v", program, err)
	}
	defer func() { _ = file.Close() }()
	return "Mach-O " + file.Cpu.String()
}

// pages are the documents, rules and dashboards, by their paths in the project, with
// the two examples.
func pages(t *testing.T) []string {
	t.Helper()
	project := os.DirFS("../..")
	found := []string{"config.yml"}
	for _, pattern := range []string{
		"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "docs/*", "docs/images/*", "alerts/*.yml", "alerts/*.md", "alerts/runbooks/*", "dashboards/*.*",
		"deploy/*.yml", "deploy/kubernetes/*.*", "deploy/kubernetes/sharded/*", "deploy/systemd/*",
	} {
		matches, err := fs.Glob(project, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range matches {
			if info, err := fs.Stat(project, path); err == nil && !info.IsDir() && !strings.HasSuffix(path, ".go") {
				found = append(found, path)
			}
		}
	}
	if len(found) < 70 {
		t.Fatalf("found only %d files", len(found))
	}
	return found
}

// build makes the packages of these platforms.
func build(t *testing.T, platforms ...string) string {
	t.Helper()
	dir := t.TempDir()
	output(t, "./build", append([]string{dir}, platforms...)...)
	return dir
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
