package app

import (
	"io"
	"os"
	"strings"
	"testing"
)

func TestIsTerminal(t *testing.T) {
	t.Parallel()
	open := func(name string) *os.File {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		return file
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = read.Close(), write.Close() })
	for what, tc := range map[string]struct {
		in   io.Reader
		want bool
	}{
		"/dev/null": {open(os.DevNull), false}, "a file": {open("app.go"), false}, "a pipe": {read, false},
		"no file": {strings.NewReader(""), false}, "a terminal": {open("/dev/ptmx"), true},
	} {
		if got := isTerminal(tc.in); got != tc.want {
			t.Errorf("%s: got %v", what, got)
		}
	}
}
