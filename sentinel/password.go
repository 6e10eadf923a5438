package sentinel

import (
	"fmt"
	"os"
	"strings"
)

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
			return "", fmt.Errorf("password file: %s is empty", file)
		}
		return password, nil
	}
}
