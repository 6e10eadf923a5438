package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
)

// inlineStyle is the source, in a content security policy, that allows one text
// between <style> and </style>, and no other.
func inlineStyle(css string) string {
	sum := sha256.Sum256([]byte(css))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// setHTMLHeaders lets a browser do no more with a page than the page needs: load
// styles, and images, from the given sources; nothing else from anywhere. It is in
// no frame, and no other site is told where the reader came from.
func setHTMLHeaders(h http.Header, styles, images string) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+styles+"; img-src "+images+
		"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
}

// unsniffed has browsers take every answer for what it says to be: names that
// Sentinels give are in all of them.
func unsniffed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
