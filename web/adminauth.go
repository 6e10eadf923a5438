package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// errOpen means that the file would let everybody in. RequireAnyClientCert accepts
// self-made certificates, and without client_ca_file every certificate is accepted that a
// public authority has signed.
var errOpen = errors.New("the file must require authentication: basic_auth_users, or in tls_server_config " +
	"client_auth_type: RequireAndVerifyClientCert with client_ca_file")

// authentication is what a web configuration file requires of clients.
type authentication struct {
	users        bool // basic auth
	certificates bool // a certificate signed by an authority in the file
}

// CheckAdminConfig returns an error if the web configuration of the admin listener is
// invalid or does not require authentication.
func CheckAdminConfig(file string) error {
	if file == "" {
		return errOpen
	}
	if err := CheckWebConfig(file); err != nil {
		return err
	}
	_, err := readAuthentication(file)
	return err
}

func readAuthentication(file string) (authentication, error) {
	config, err := readWebConfig(file)
	if err != nil {
		return authentication{}, err
	}
	tls := config.TLSConfig
	a := authentication{
		users:        len(config.Users) > 0,
		certificates: tls.ClientAuth == "RequireAndVerifyClientCert" && (tls.ClientCAs != "" || tls.ClientCAsText != ""),
	}
	if !a.users && !a.certificates {
		return a, errOpen
	}
	return a, nil
}

// authenticate checks a request against the current file, and returns the name of the user.
// The toolkit, too, reads the file again for each request and each connection, and would
// let everybody in if the file no longer required authentication. Without users in the
// file it ignores the name and password of a request, so these prove nothing.
func authenticate(file string, r *http.Request) (who string, err error) {
	a, err := readAuthentication(file)
	if err != nil {
		return "", fmt.Errorf("--admin.config.file: %w", err)
	}
	var names []string
	if a.users {
		user, _, _ := r.BasicAuth() // the door and the toolkit have checked the password
		names = append(names, user)
	}
	if a.certificates {
		if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
			return "", errNoCertificate
		}
		names = append(names, r.TLS.VerifiedChains[0][0].Subject.String())
	}
	return strings.Join(names, ", "), nil
}
