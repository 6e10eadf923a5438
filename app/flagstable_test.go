package app

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

//go:generate go test -run ^TestFlagsTable$ . -update

var update = flag.Bool("update", false, "write the table of flags again")

const (
	flagsBegin = "<!-- flags: written by `make docs` -->\n"
	flagsEnd   = "<!-- flags: end -->\n"
)

func TestFlagsTable(t *testing.T) {
	const page = "../docs/flags.md"
	want := flagsTable(t)
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(written), flagsBegin)
	got, after, closed := strings.Cut(rest, flagsEnd)
	if !found || !closed {
		t.Fatalf("%s: the marks of the table are missing", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+flagsBegin+want+flagsEnd+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: the table of flags is not what `make docs` writes (-want +got):\n%s", page, diff)
	}
}

func flagsTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| flag | default | |\n|---|---|---|\n")
	for _, f := range ownFlags(t) {
		value := strings.Join(f.Default, ", ")
		switch {
		case f.IsBoolFlag() && value == "true":
			value = "on; `--no-" + f.Name + "`"
		case f.IsBoolFlag():
			value = "off"
		case value != "":
			value = "`" + value + "`"
		}
		_, _ = fmt.Fprintf(&b, "| `--%s` | %s | %s |\n", f.Name, value, strings.ReplaceAll(f.Help, "|", `\|`))
	}
	return b.String()
}
