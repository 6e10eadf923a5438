package web

import (
	"io"
	"net/http"
)

const reloadPath = "/-/reload"

// reload returns the handler that reads the configuration file again.
func reload(p *Prober) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := p.Reload(); err != nil {
			http.Error(w, "The configuration file cannot be used, what it said before stays: "+err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "The configuration file is loaded.\n")
	})
}
