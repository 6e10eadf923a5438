package app

import (
	"errors"
	"os"

	"redis_sentinel_exporter/sentinel"
)

// passwordVariable is the environment variable for the password. There is no flag for it:
// everybody on a machine can read the command line of a process.
const passwordVariable = "SENTINEL_PASSWORD"

// password returns the function that a client calls for the password at each new connection;
// nil if there is no password. It reads the file once, so that an error shows at the start.
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
