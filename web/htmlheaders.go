package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// inlineStyle returns the source for a content security policy that allows exactly this
// text between <style> and </style>.
func inlineStyle(css string) string {
	sum := sha256.Sum256([]byte(css))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// setHTMLHeaders restricts what a browser does with a page: it loads only styles and images,
// only from the given sources, shows the page in no frame, and sends no referrer.
func setHTMLHeaders(h http.Header, styles, images string) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+styles+"; img-src "+images+
		"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
}

// allowForms lets a page send a form to the exporter itself.
func allowForms(h http.Header) {
	const policy = "Content-Security-Policy"
	h.Set(policy, strings.Replace(h.Get(policy), "form-action 'none'", "form-action 'self'", 1))
}

// unsniffed keeps browsers from guessing the content type: all responses contain names that
// a Sentinel can choose.
func unsniffed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
