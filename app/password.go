package app

import (
	"errors"
	"os"

	"redis_sentinel_exporter/sentinel"
)

// passwordVariable holds the password where no file does. No flag does: the
// command line of a process can be read by everybody on the machine.
const passwordVariable = "SENTINEL_PASSWORD"

// password returns the source of the password, which a client asks at each new
// connection, so that a changed file is taken up; nil where there is none. It
// asks once itself: a file that cannot be read is better known now.
func (f *sentinelFlags) password() (func() (string, error), error) {
	if f.passwordFile != "" {
		read := sentinel.PasswordFile(f.passwordFile)
		_, err := read()
		return read, err
	}
	if fixed := os.Getenv(passwordVariable); fixed != "" {
		return func() (string, error) { return fixed, nil }, nil
	}
	if f.username != "" {
		return nil, errors.New("--sentinel.username is given without a password: use --sentinel.password-file or $" + passwordVariable)
	}
	return nil, nil // no password is no error
}
