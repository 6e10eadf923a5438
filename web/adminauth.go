package web

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"
)

// errOpen says that the file would let everybody in. RequireAnyClientCert lets in
// whoever makes a certificate, and without client_ca_file any certificate counts
// that the machine's authorities have signed.
var errOpen = errors.New("it must require authentication: basic_auth_users, or in tls_server_config " +
	"client_auth_type: RequireAndVerifyClientCert with client_ca_file")

// authentication is what a web configuration file asks of its clients.
type authentication struct {
	users        bool // basic auth
	certificates bool // a certificate of an authority of the file
}

// CheckAdminConfig says why the file with the configuration of the admin listener
// cannot be used: above all, that it requires no authentication.
func CheckAdminConfig(file string) error {
	if file == "" {
		return errOpen
	}
	if err := toolkit.Validate(file); err != nil {
		return err
	}
	_, err := readAuthentication(file)
	return err
}

func readAuthentication(file string) (authentication, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil {
		return authentication{}, err
	}
	var config toolkit.Config
	if err := yaml.UnmarshalStrict(text, &config); err != nil {
		return authentication{}, fmt.Errorf("%s: %w", file, err)
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

// authenticate holds each request against the file as it is now, and names who
// makes it. The toolkit reads the file again for each request and each connection
// as well, and lets everybody in should it have come to require nothing. Without
// users in the file it does not look at the name and password of a request.
func authenticate(file string, r *http.Request) (who string, err error) {
	a, err := readAuthentication(file)
	if err != nil {
		return "", fmt.Errorf("--admin.config.file: %w", err)
	}
	var names []string
	if a.users {
		user, _, _ := r.BasicAuth() // the toolkit has asked for the password
		names = append(names, user)
	}
	if a.certificates {
		if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
			return "", errors.New("this connection was made without a client certificate")
		}
		names = append(names, r.TLS.VerifiedChains[0][0].Subject.String())
	}
	return strings.Join(names, ", "), nil
}
