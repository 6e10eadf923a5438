package sentinel

import (
	"fmt"
	"os"
	"strings"
)

// PasswordFile returns what [Options.Password] needs for a password that is in a
// file. The file is read each time, so that the password can be replaced.
func PasswordFile(file string) func() (string, error) {
	return func() (string, error) {
		text, err := os.ReadFile(file) //nolint:gosec // the operator names the file
		if err != nil {
			return "", fmt.Errorf("password of the Sentinels: %w", err)
		}
		password := strings.TrimRight(string(text), "\r\n") // editors add a newline
		if password == "" {
			return "", fmt.Errorf("password of the Sentinels: %s is empty", file)
		}
		return password, nil
	}
}
