package web

import (
	"bytes"
	"encoding/json"
	"net/http"

	"redis_sentinel_exporter/internal/printable"
)

// writeJSON answers with indented JSON.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(printable.Text(b.Bytes())) // it means the same, and may be looked at in a terminal
}
