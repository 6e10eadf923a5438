package history

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestLockErrors: what network file systems answer where another process has the lock, or where there are none.
func TestLockErrors(t *testing.T) {
	t.Parallel()
	for given, want := range map[syscall.Errno]error{
		syscall.EWOULDBLOCK: errTaken, syscall.EACCES: errTaken,
		syscall.ENOLCK: errNoLocks, syscall.EOPNOTSUPP: errNoLocks, syscall.ENOSYS: errNoLocks,
	} {
		if err := lockError(given); !errors.Is(err, want) {
			t.Errorf("%v is %v, want %v", given, err, want)
		}
	}
	if err := lockError(nil); err != nil {
		t.Error(err)
	}
}

// TestFileWithoutLocks: where the file system has no locks the file is written all the same, also after it was replaced, and it is said once.
func TestFileWithoutLocks(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	f := &File{
		path: filepath.Join(t.TempDir(), "history"), options: FileOptions{MaxBytes: MinFileBytes}, logger: slog.New(slog.NewTextHandler(&log, nil)),
		flock: func(*os.File) error { return lockError(syscall.ENOLCK) },
	}
	defer f.take(nil)
	for range 2 {
		f.tidy()
		if n, err := f.write([][]byte{[]byte(`{"id":"1"}`)}); err != nil || n != 1 {
			t.Fatalf("%d written: %v", n, err)
		}
		if err := f.compact(0); err != nil {
			t.Fatal(err)
		}
		f.take(nil) // as when it was moved away
	}
	if said := log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "cannot be locked") || !strings.Contains(said, "no locks available") {
		t.Errorf("it is said\n%s", said)
	}
}
