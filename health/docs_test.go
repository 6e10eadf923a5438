package health

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/checks.md")

func TestDocs(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "docs", "checks.md")
	var want bytes.Buffer
	if err := WriteDocs(&want); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("%s is not what the table says; run go generate ./health (-want +got):\n%s", path, diff)
	}
}

// TestEveryCheckIsSeen: the page says of each check how people meet it, and with what
// it is confused.
func TestEveryCheckIsSeen(t *testing.T) {
	t.Parallel()
	texts := seen()
	for _, c := range Checks() {
		if c.Seen.As == "" || c.Seen.MistakenFor == "" {
			t.Errorf("%s: nothing is said of how it is seen, or of what it is mistaken for", c.Name)
		}
		delete(texts, c.Name)
	}
	for name := range texts {
		t.Errorf("%s is no check", name)
	}
}
