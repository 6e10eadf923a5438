package main

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestCommitted: the files are what the program writes, and there are no others.
func TestCommitted(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, b := range boards() {
		names[b.file] = true
		want, err := b.render()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", b.file))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is not what the program writes: run `make dashboards`", b.file)
		}
	}
	files, err := filepath.Glob("../*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !names[filepath.Base(f)] {
			t.Errorf("%s is written by nobody", f)
		}
	}
}
