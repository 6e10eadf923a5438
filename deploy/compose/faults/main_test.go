package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"go.yaml.in/yaml/v2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// compose writes a program that stands for Docker Compose: it notes what it is
// told, fails at what it is to fail at, and says that a node is the master.
func compose(t *testing.T, master, failing string) (s *stack, out *strings.Builder, told func() []string) {
	t.Helper()
	dir := t.TempDir()
	program, log := filepath.Join(dir, "compose"), filepath.Join(dir, "log")
	script := `#!/bin/sh
case "$*" in
*discover*) echo ` + master + `:6379; exit ;;
esac
echo "$*" >>'` + log + `'
case "$*" in
"` + failing + `") echo broken >&2; exit 7 ;;
esac
`
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	out = &strings.Builder{}
	nothing := func(string) string { return "" }
	return &stack{compose: []string{program}, out: out, getenv: nothing}, out, func() []string {
		text, err := os.ReadFile(log)
		if err != nil {
			return nil // it was told nothing
		}
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
}

// All is broken, one after the other, and each is mended before the next.
func TestAll(t *testing.T) {
	t.Parallel()
	s, out, told := compose(t, "redis-1", "nothing")
	if err := run(t.Context(), nil, s, strings.NewReader(strings.Repeat("\n", len(faults())))); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range faults() {
		for _, command := range (roles{"redis-1", "redis-0"}).in(slices.Concat(f.do, f.mend)) {
			want = append(want, strings.Join(command, " "))
		}
		if !strings.Contains(out.String(), f.look) || !strings.Contains(out.String(), f.alert) {
			t.Errorf("%s is not explained:\n%s", f.name, out)
		}
	}
	if diff := cmp.Diff(want, told()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The pages are at the ports that docker-compose.yml has, or that are given to it.
func TestPorts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	s, out, _ := compose(t, "redis-0", "nothing")
	moved, movedOut, _ := compose(t, "redis-0", "nothing")
	moved.getenv = func(name string) string { return "of-" + name }
	for _, one := range []*stack{s, moved} {
		if err := run(t.Context(), []string{"sentinel-dies"}, one, strings.NewReader("")); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"EXPORTER_PORT", "GRAFANA_PORT", "PROMETHEUS_PORT"} {
		_, rest, _ := strings.Cut(string(text), "${"+name+":-")
		port, _, found := strings.Cut(rest, "}")
		if !found || !strings.Contains(out.String(), "//localhost:"+port) || !strings.Contains(movedOut.String(), "//localhost:of-"+name) {
			t.Errorf("%s, %q:\n%s\n%s", name, port, out, movedOut)
		}
	}
}

// Those who are the master and a replica are asked for.
func TestRoles(t *testing.T) {
	t.Parallel()
	for master, want := range map[string][]string{
		"redis-0": {"pause redis-0", "unpause redis-0", "kill redis-1", "start redis-1"},
		"redis-2": {"pause redis-2", "unpause redis-2", "kill redis-0", "start redis-0"},
	} {
		s, _, told := compose(t, master, "nothing")
		if err := run(t.Context(), []string{"master-hangs", "replica-dies"}, s, strings.NewReader("\n\n")); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, told()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", master, diff)
		}
	}
}

func TestNobodyKnowsTheMaster(t *testing.T) {
	t.Parallel()
	s, _, told := compose(t, "stranger", "nothing")
	err := run(t.Context(), []string{"replica-dies"}, s, strings.NewReader(""))
	if err == nil || !strings.Contains(err.Error(), `"stranger:6379`) || told() != nil {
		t.Errorf("got %v, and it was told %q", err, told())
	}
}

// What cannot be broken is mended all the same, since a part of it may be broken.
func TestMendsWhatFails(t *testing.T) {
	t.Parallel()
	s, _, told := compose(t, "redis-0", "kill sentinel-2")
	err := run(t.Context(), []string{"sentinel-dies", "quorum-lost"}, s, strings.NewReader(""))
	if err == nil || !strings.Contains(err.Error(), "kill sentinel-2: exit status 7: broken") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"kill sentinel-2", "start sentinel-2"}, told()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Ctrl-C mends what is broken, and breaks nothing else.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s, _, told := compose(t, "redis-0", "nothing")
	ctx, cancel := context.WithCancel(t.Context())
	interrupt := writer(func(line string) {
		if strings.HasPrefix(line, "Enter") {
			cancel()
		}
	})
	s.out = interrupt
	in, stillOpen, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stillOpen.Close() }()
	if err := run(ctx, []string{"sentinel-dies", "quorum-lost"}, s, in); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"kill sentinel-2", "start sentinel-2"}, told()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

type writer func(string)

func (w writer) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}

func TestUnknownFault(t *testing.T) {
	t.Parallel()
	s, _, told := compose(t, "redis-0", "nothing")
	err := run(t.Context(), []string{"sentinel-dies", "meteor"}, s, strings.NewReader(""))
	if err == nil || !strings.Contains(err.Error(), `"meteor"; there are replica-dies, sentinel-dies, `) || told() != nil {
		t.Errorf("got %v, and it was told %q", err, told())
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	s, out, told := compose(t, "redis-0", "nothing")
	if err := run(t.Context(), []string{"-list", "quorum-lost"}, s, strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	if want := "quorum-lost: two of three Sentinels die\n"; out.String() != want || told() != nil {
		t.Errorf("got %q, want %q; it was told %q", out, want, told())
	}
}

// The alerts are there, and wait for as long as it says.
func TestAlerts(t *testing.T) {
	t.Parallel()
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, For string }
		}
	}
	readYAML(t, "alerts/redis_sentinel.rules.yml", &file)
	waits := map[string]string{}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			waits[rule.Alert] = rule.For
		}
	}
	for _, f := range faults() {
		if after, there := waits[f.alert]; !there || after != f.after {
			t.Errorf("%s: the alert %s (there: %t) waits %q, not %q", f.name, f.alert, there, after, f.after)
		}
	}
}

// What a command is about is a service of the stack.
func TestServices(t *testing.T) {
	t.Parallel()
	var file struct {
		Services map[string]any
	}
	readYAML(t, "docker-compose.yml", &file)
	for _, f := range faults() {
		for _, command := range (roles{"redis-0", "redis-1"}).in(slices.Concat(f.do, f.mend)) {
			services := command[1:]
			if command[0] == "exec" {
				services = command[2:3] // after -T
			}
			for _, service := range services {
				if file.Services[service] == nil {
					t.Errorf("%s: %v is about %q, which is no service", f.name, command, service)
				}
			}
		}
	}
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../..", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}
