package main

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buildExporter returns the path of a binary that is built of the module's own code.
func buildExporter(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "redis_sentinel_exporter")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "..").CombinedOutput(); err != nil {
		t.Fatalf("building the exporter: %v\n%s", err, out)
	}
	return binary
}

// TestRun: a small run measures something in every place.
func TestRun(t *testing.T) {
	t.Parallel()
	binary := buildExporter(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out bytes.Buffer
	b := bench{binary: binary, rounds: 2}
	if err := b.run(ctx, &out, "1,3"); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(out.String()) {
		cells := strings.Split(strings.Trim(line, "|\n"), "|")
		if len(cells) < 5 || strings.Contains(line, "masters") || strings.Contains(line, "---") {
			continue
		}
		rows++
		for i, cell := range cells {
			if cell := strings.TrimSpace(cell); cell == "0" || cell == "0.00" || cell == "" && i < 3 {
				t.Errorf("column %d is %q in %s", i, cell, line)
			}
		}
	}
	if rows != 2*(5+1) {
		t.Errorf("%d rows:\n%s", rows, out.String())
	}
}

// TestAgainst: a binary compared with itself costs about the same, in numbers that are there.
func TestAgainst(t *testing.T) {
	t.Parallel()
	binary := buildExporter(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out bytes.Buffer
	b := bench{binary: binary, against: binary, rounds: 2}
	if err := b.run(ctx, &out, "2"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2+2 {
		t.Fatalf("got\n%s", out.String())
	}
	for _, line := range lines[2:] {
		// What is counted is the same; times and memory are near it.
		if strings.Count(line, "= 1.00") < 1 || strings.Contains(line, " 0 /") || strings.Contains(line, "NaN") {
			t.Errorf("got %s", line)
		}
	}
}

// TestBadArguments: each is refused with its flag's name before anything starts.
func TestBadArguments(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		counts string
		rounds int
		want   string
	}{
		{"1", 0, "-rounds: 0"},
		{"1", -1, "-rounds: -1"},
		{"0", 1, `-masters: "0"`},
		{"many", 1, `-masters: "many"`},
	} {
		b := bench{binary: "nosuch", rounds: tc.rounds}
		if err := b.run(t.Context(), io.Discard, tc.counts); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("-masters %s -rounds %d: got %v, want %s", tc.counts, tc.rounds, err, tc.want)
		}
	}
}
