package drawn

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path"
	"strings"
	"testing"
)

const packages = "node_modules/"

// serve serves the page, the dashboards, Grafana's fonts and pictures, and Prometheus,
// all at one address.
func serve(t *testing.T, prometheus string) string {
	t.Helper()
	if _, err := os.Stat("dist/index.html"); err != nil {
		t.Fatalf("%v: `make dashboards-drawn` makes the page", err)
	}
	to, err := url.Parse(prometheus)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, "/prometheus")
	}}
	mux := http.NewServeMux()
	mux.Handle("/prometheus/", proxy)
	mux.Handle("/boards/", http.StripPrefix("/boards/", http.FileServer(http.Dir(".."))))
	mux.HandleFunc("/public/", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, public(r.URL.Path)) })
	mux.Handle("/", http.FileServer(http.Dir("dist")))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// public says where the packages have what Grafana's server has below /public/.
func public(asked string) string {
	weight := "400"
	if strings.Contains(asked, "Medium") {
		weight = "500"
	}
	switch {
	case strings.HasPrefix(asked, "/public/fonts/inter/"):
		return packages + "@fontsource/inter/files/inter-latin-" + weight + "-normal.woff2"
	case strings.HasPrefix(asked, "/public/fonts/"):
		return packages + "@fontsource/roboto-mono/files/roboto-mono-latin-" + weight + "-normal.woff2"
	}
	return packages + "@grafana/ui/dist" + path.Clean(strings.Replace(asked, "/public/build/", "/public/", 1))
}
