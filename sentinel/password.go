package sentinel

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

var errEmpty = errors.New("the file is empty")

// PasswordFile returns a function for [Options.Password] that reads the password from a file.
// It reads the file each time, so that the password can be changed.
func PasswordFile(file string) func() (string, error) {
	return func() (string, error) {
		text, err := os.ReadFile(file) //nolint:gosec // the operator names the file
		if err != nil {
			return "", fmt.Errorf("password file: %w", err)
		}
		password := strings.TrimRight(string(text), "\r\n") // editors add a newline
		if password == "" {
			return "", fmt.Errorf("password file: %w", &fs.PathError{Op: "read", Path: file, Err: errEmpty})
		}
		return password, nil
	}
}
