package composetest

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// checkTimeout is the default of --sentinel.timeout.
const checkTimeout = 5 * time.Second

// dockerfiles are what the services are built from.
var dockerfiles = []string{"Dockerfile", "deploy/compose/webhook/Dockerfile"}

// stages reads a Dockerfile as the builder does, which must not find anything to
// warn of.
func stages(t *testing.T, name string) []instructions.Stage {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, warning := range file.Warnings {
		t.Errorf("%s: %s", name, warning.Short)
	}
	list, _, err := instructions.Parse(file.AST, nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return list
}

// pinned reports whether an image is one version: by a number, or where its makers
// give none, by the variant that they keep up to date.
func pinned(image string) bool {
	return image == runtimeImage || regexp.MustCompile(`^[a-z0-9_./-]+:v?\d+\.\d+\.\d+(-[a-z0-9.]+)?$`).MatchString(image)
}

// runtimeImage has no versions.
const runtimeImage = "gcr.io/distroless/static-debian12:nonroot"

func TestPinned(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]bool{
		"redis:8.2.3": true, "prom/prometheus:v3.5.0": true, "golang:1.26.8-bookworm": true, runtimeImage: true,
		"redis": false, "redis:latest": false, "redis:8": false, "redis:8.2": false, "gcr.io/distroless/static-debian12": false, "redis:8.2.3-": false,
	} {
		if got := pinned(image); got != want {
			t.Errorf("%s: got %t", image, got)
		}
	}
}

func TestBaseImagesArePinned(t *testing.T) {
	t.Parallel()
	bases := map[string][]string{}
	for _, name := range dockerfiles {
		for _, stage := range stages(t, name) {
			if !pinned(stage.BaseName) {
				t.Errorf("%s is built from %q, which is no version", name, stage.BaseName)
			}
			bases[name] = append(bases[name], stage.BaseName)
		}
	}
	if !slices.Equal(bases[dockerfiles[0]], bases[dockerfiles[1]]) {
		t.Errorf("the bases are not the same: %v", bases)
	}
}

// What is shipped has no shell, runs as a user that is not root by its number, and
// is nothing but one program.
func TestFinalStages(t *testing.T) {
	t.Parallel()
	for _, name := range dockerfiles {
		all := stages(t, name)
		final := all[len(all)-1]
		if len(all) != 2 || final.BaseName != runtimeImage {
			t.Errorf("%s has %d stages and ends in one from %s", name, len(all), final.BaseName)
		}
		if users := of[*instructions.UserCommand](final); len(users) != 1 || users[0].User != "65532:65532" {
			t.Errorf("%s: the user is not as expected", name)
		}
		if runs := of[*instructions.RunCommand](final); len(runs) > 0 {
			t.Errorf("%s runs something where there is no shell: %s", name, runs[0])
		}
		copies := of[*instructions.CopyCommand](final)
		entries := of[*instructions.EntrypointCommand](final)
		if len(copies) != 1 || copies[0].From != "build" || len(entries) != 1 {
			t.Fatalf("%s has %d things copied and %d entry points", name, len(copies), len(entries))
		}
		if entries[0].PrependShell || !slices.Equal(entries[0].CmdLine, []string{copies[0].DestPath}) {
			t.Errorf("%s starts %v, and has %s", name, entries[0].CmdLine, copies[0].DestPath)
		}
	}
}

// The health check is the exporter's own, without a shell.
func TestHealthCheck(t *testing.T) {
	t.Parallel()
	all := stages(t, "Dockerfile")
	final := all[len(all)-1]
	checks := of[*instructions.HealthCheckCommand](final)
	if len(checks) != 1 {
		t.Fatalf("there are %d health checks", len(checks))
	}
	program := of[*instructions.EntrypointCommand](final)[0].CmdLine[0]
	if got := checks[0].Health.Test; !slices.Equal(got, []string{"CMD", program, "check", "--fail-on=critical"}) {
		t.Errorf("it is %q", got)
	}
	if health := checks[0].Health; health.Timeout <= checkTimeout {
		t.Errorf("it may take %s, and check alone takes up to %s", health.Timeout, checkTimeout)
	}
}

// of returns the instructions of one kind of a stage.
func of[C instructions.Command](stage instructions.Stage) []C {
	var list []C
	for _, command := range stage.Commands {
		if c, ok := command.(C); ok {
			list = append(list, c)
		}
	}
	return list
}
