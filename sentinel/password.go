package sentinel

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

var errEmpty = errors.New("the file is empty")

// PasswordFile returns a function for [Options.Password] that reads the password from a file.
// It reads the file each time, so that the password can be changed. As long as it is the same, all
// connections share one copy in memory.
func PasswordFile(file string) func() (string, error) {
	var mu sync.Mutex
	var last string
	return func() (string, error) {
		text, err := os.ReadFile(file) //nolint:gosec // the operator names the file
		if err != nil {
			return "", fmt.Errorf("password file: %w", err)
		}
		defer clear(text)                         // what is garbage stays in memory for long
		password := bytes.TrimRight(text, "\r\n") // editors add a newline
		if len(password) == 0 {
			return "", fmt.Errorf("password file: %w", &fs.PathError{Op: "read", Path: file, Err: errEmpty})
		}
		mu.Lock()
		defer mu.Unlock()
		if last != string(password) {
			last = string(password)
		}
		return last, nil
	}
}
