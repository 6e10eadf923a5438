package history

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock makes sure that no other process writes a file until it is closed. The error is errTaken if one does, and errNoLocks if
// nobody can tell.
func lock(file *os.File) error {
	for {
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EINTR) {
			return lockError(err)
		}
	}
}

// lockError says what an error of flock means. SMB answers EACCES where others answer EWOULDBLOCK; for a lack of permission flock has no error.
func lockError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EACCES):
		return errTaken
	}
	return fmt.Errorf("%w: %w", errNoLocks, err)
}
