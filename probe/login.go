package probe

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"

	"github.com/prometheus/common/config"

	"redis_sentinel_exporter/sentinel"
)

// A login is how to connect to a server, from the files that a module names.
type login struct {
	password func() (string, error) // nil for none
	tls      *tls.Config            // nil for plain text
	tlsID    tlsIdentity
}

// readPassword reads the password once, so that an error shows now.
func (l *login) readPassword(file string) error {
	l.password = sentinel.PasswordFile(file)
	_, err := l.password()
	return withoutName(err)
}

// withoutName returns an error of a file without the name: it may be a password that was
// written where the name of its file belongs.
func withoutName(err error) error {
	if wrong, ok := errors.AsType[*fs.PathError](err); ok {
		return wrong.Err
	}
	return err
}

// prepareTLS takes the settings; nil are plain text.
func (l *login) prepareTLS(given *TLSConfig, dir string) (err error) {
	if given == nil {
		return nil
	}
	settings := (*config.TLSConfig)(given)
	settings.SetDirectory(dir)
	if err := settings.Validate(); err != nil {
		return err
	}
	if l.tls, err = config.NewTLSConfig(settings); err != nil {
		return tlsMistake(settings, err)
	}
	l.tlsID, err = identityOf(settings)
	return err
}

// tlsMistake returns why valid settings cannot be used, without what stands where the name of a file
// belongs.
func tlsMistake(settings *config.TLSConfig, err error) error {
	if wrong, ok := errors.AsType[*fs.PathError](err); ok {
		for _, file := range []struct{ field, name string }{
			{"ca_file", settings.CAFile}, {"cert_file", settings.CertFile}, {"key_file", settings.KeyFile},
		} {
			if file.name == wrong.Path {
				return fmt.Errorf("%s: %w", file.field, withoutName(err))
			}
		}
		return withoutName(err)
	}
	cause := errors.Unwrap(err)
	switch {
	case settings.MaxVersion != 0 && settings.MaxVersion < settings.MinVersion:
		return errors.New("max_version is below min_version")
	case cause == nil:
		return errors.New("the certificate of the authority (ca_file or ca) is not one in PEM")
	default:
		return fmt.Errorf("the certificates cannot be used: %w", cause)
	}
}
