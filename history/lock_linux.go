package history

import (
	"errors"
	"os"
	"syscall"
)

// lock makes sure that no other process writes a file until it is closed. A file system that knows no locks has to do without.
func lock(file *os.File) error {
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return errTaken
	}
	return nil
}
