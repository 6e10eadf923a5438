package web

import (
	"errors"
	"io"
	"net/http"
)

const reloadPath = "/-/reload"

// Reload reads the configuration file again, for the named deployments and for probes, and
// logs the result.
func (s *Sources) Reload() error {
	err := s.Prober.Reload()
	if s.Fleet != nil {
		err = errors.Join(err, s.Fleet.Apply())
	}
	return err
}

// reload returns the handler that reads the configuration file again. It refuses requests from
// pages of other sites.
func reload(s *Sources) http.Handler {
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := s.Reload(); err != nil {
			http.Error(w, "The configuration file cannot be used, what it said before stays: "+err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "The configuration file is loaded.\n")
	}))
}
