//go:build compose

package composetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A file of Debian's packages is made once, and removed by `make clean`.
const cached = root + "/.bin/compose-test/debian.tar"

// packages are those of the programs in the images, and what `make build` takes.
const packages = "redis-server,prometheus,prometheus-alertmanager,prometheus-redis-exporter,haproxy,make"

// makeImages makes the images that the stack is made of, but for Grafana, which
// Debian does not have. They have the names that stand in docker-compose.yml and
// in the Dockerfile.
func (e *engine) makeImages(t *testing.T) {
	t.Helper()
	makeDebian(t)
	e.run(t, "docker", "import", absolute(t, cached), "composetest/debian")
	services := load(t).Services
	build := stages(t, "Dockerfile")
	empty := t.TempDir()
	for target, name := range map[string]string{
		"redis":          services["redis-0"].Image,
		"haproxy":        services["haproxy"].Image,
		"redis_exporter": services["redis-exporter"].Image,
		"prometheus":     services["prometheus"].Image,
		"alertmanager":   services["alertmanager"].Image,
		"distroless":     build[1].BaseName,
	} {
		e.makeImage(t, name, target, empty)
	}
	e.makeImage(t, build[0].BaseName, "golang", goContext(t))
}

func (e *engine) makeImage(t *testing.T, name, target, context string) {
	t.Helper()
	e.run(t, "docker", "build", "--quiet", "--tag="+name, "--target="+target, "--file="+absolute(t, "testdata/Dockerfile"), context)
}

// makeDebian makes the file, if it is not there, of a small Debian with the
// packages.
func makeDebian(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(cached); err == nil {
		return
	}
	dir := t.TempDir()
	command(t, "debootstrap", "--variant=minbase", "--include="+packages, "bookworm", dir)
	if err := os.MkdirAll(filepath.Dir(cached), 0o750); err != nil {
		t.Fatal(err)
	}
	command(t, "tar", "--directory="+dir, "--exclude=./dev/*", "--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*",
		"--exclude=./usr/share/doc/*", "--exclude=./usr/share/locale/*", "--exclude=./usr/share/man/*",
		"--create", "--file="+cached+".new", ".")
	if err := os.Rename(cached+".new", cached); err != nil {
		t.Fatal(err)
	}
}

// goContext returns a directory with this machine's Go, and the modules that the
// exporter is built from.
func goContext(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	goroot := strings.TrimSpace(command(t, "go", "env", "GOROOT"))
	if err := os.CopyFS(filepath.Join(dir, "go"), os.DirFS(goroot)); err != nil {
		t.Fatal(err)
	}
	download := exec.Command("go", "mod", "download")
	download.Dir = root
	download.Env = append(os.Environ(), "GOFLAGS=-modcacherw", "GOMODCACHE="+filepath.Join(dir, "modules"),
		"GOPROXY=file://"+strings.TrimSpace(command(t, "go", "env", "GOMODCACHE"))+"/cache/download,"+strings.TrimSpace(command(t, "go", "env", "GOPROXY")))
	if out, err := download.CombinedOutput(); err != nil {
		t.Fatalf("go mod download: %v\n%s", err, out)
	}
	return dir
}

func command(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
