package web

import (
	"io"
	"net/http"
)

const reloadPath = "/-/reload"

// reload reads the configuration file again, where that is enabled.
func reload(p *Prober, enabled bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !enabled {
			http.Error(w, "Reloading over HTTP is not enabled: start with --web.enable-lifecycle.", http.StatusForbidden)
			return
		}
		if err := p.Reload(); err != nil {
			http.Error(w, "The configuration file cannot be used, what it said before stays: "+err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "The configuration file is loaded.\n")
	})
}
