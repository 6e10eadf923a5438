package web

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Why a login fails, for the label reason.
const (
	loginPassword    = "password"    // no such user, or not with this password
	loginCertificate = "certificate" // none, or one that the file does not let in any more
	loginBusy        = "busy"        // too many others are being looked at
)

// busyPause is how long it takes until one is told that too many passwords are being tried.
const busyPause = time.Second

// FailedLogins counts the requests that a listener lets no further.
type FailedLogins struct{ counter *prometheus.CounterVec }

// NewFailedLogins returns a counter without series: most exporters ask for no login.
func NewFailedLogins() *FailedLogins {
	return &FailedLogins{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: name + "_failed_logins_total",
		Help: "Requests refused for their password or client certificate, by listener (web, admin), user if there is one of that name, and reason (password, certificate, busy).",
	}, []string{"listener", "user", "reason"})}
}

// A door stands before the toolkit's handler of a listener. It holds the client certificate
// against the file of now at each request, and tries passwords, so that wrong ones do not
// keep away right ones: the toolkit lets all of them wait in one line.
type door struct {
	listener string // for log and metric
	file     string
	next     http.Handler
	failed   *FailedLogins
	tries    *passwordTries
	logger   *slog.Logger
}

// ServeHTTP lets a request through, or refuses it.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	config, err := readWebConfig(d.file)
	var rules *tls.Config
	if err == nil {
		rules, err = clientRules(&config.TLSConfig)
	}
	if err != nil {
		d.logger.Error("The web configuration file cannot be used", "listener", d.listener, "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	if err := verifyPeer(rules, r.TLS); err != nil {
		d.refuse(r, "", loginCertificate, err)
		w.Header().Set("Connection", "close") // the next connection may have another certificate
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	user, password, given := r.BasicAuth()
	if !given || len(config.Users) == 0 {
		d.next.ServeHTTP(w, r) // the toolkit refuses it if there are users
		return
	}
	hash, known := config.Users[user]
	if !known {
		user = ""
		for _, hash = range config.Users { // takes as long as for one of them
			break
		}
	}
	switch err := d.tries.try(r.Context(), hostOf(r.RemoteAddr), user, string(hash), password); {
	case errors.Is(err, errTooManyTries):
		d.refuse(r, user, loginBusy, err)
		select { // those who ask again at once would take the processors
		case <-time.After(busyPause):
		case <-r.Context().Done():
		}
		w.Header().Set("Retry-After", "1")
		http.Error(w, err.Error(), http.StatusTooManyRequests)
	case errors.Is(err, context.Canceled): // nobody waits for an answer
	case err != nil || !known:
		d.refuse(r, user, loginPassword, errors.New("the user or the password is wrong"))
		w.Header().Set("WWW-Authenticate", "Basic")
		http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
	default:
		d.next.ServeHTTP(w, r)
	}
}

// refuse logs and counts a failed login. A name that is no user's may be a password, typed
// into the wrong field.
func (d *door) refuse(r *http.Request, user, reason string, err error) {
	d.failed.counter.WithLabelValues(d.listener, user, reason).Inc()
	d.logger.Warn("Login failed", "listener", d.listener, "from", r.RemoteAddr, "user", user, "reason", reason, "err", err)
}
