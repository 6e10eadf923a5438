package web

import (
	_ "embed" // the style
	"fmt"
	"net/http"

	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"
)

// landingCSS is part of the page. It replaces the toolkit's style, so that its hash in the
// content security policy does not change with the toolkit.
//
//go:embed landing.css
var landingCSS string // read-only

// landingPage returns the page with links to the other endpoints.
func landingPage(opts Options) (http.Handler, error) {
	description := "Prometheus exporter for Redis and Valkey Sentinel"
	if opts.OnlyProbes {
		description += ". " + noDeployment
		if opts.Named {
			description = "Prometheus exporter for many deployments of Redis and Valkey Sentinel"
		}
	}
	page, err := toolkit.NewLandingPage(toolkit.LandingConfig{
		Name:        name,
		Description: description,
		Version:     version.Info(),
		Profiling:   "false",
		CSS:         landingCSS,
		Links:       landingLinks(opts),
	})
	if err != nil {
		return nil, fmt.Errorf("landing page: %w", err)
	}
	style := inlineStyle(landingCSS)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHTMLHeaders(w.Header(), style, "'none'")
		page.ServeHTTP(w, r)
	}), nil
}

func landingLinks(opts Options) []toolkit.LandingLinks {
	links := []toolkit.LandingLinks{
		{Address: opts.TelemetryPath, Text: "Metrics", Description: "what the Sentinels say"},
		{Address: "/status", Text: "Status", Description: "every master as its Sentinels see it, what is wrong and what to do"},
		{Address: historyPath, Text: "History", Description: "every failover that was heard: why, who led it, and what it took"},
		{Address: "/health", Text: "Health", Description: "the same verdict for programs, as JSON"},
		{Address: sdPath, Text: "Targets", Description: "the Redis nodes, for Prometheus's HTTP service discovery"},
		{Address: canStopPath, Text: "May it stop?", Description: "what would be left if a host stopped, as JSON"},
		{Address: rolePath, Text: "Roles", Description: "which node may take writes, and which may serve reads, for load balancers"},
	}
	if opts.OnlyProbes {
		links = []toolkit.LandingLinks{{Address: opts.TelemetryPath, Text: "Metrics", Description: "of the exporter itself"}}
	}
	if opts.Named {
		links = append(links, toolkit.LandingLinks{Address: fleetPath, Text: "Fleet", Description: "the named deployments, the worst first"})
	}
	return append(links,
		toolkit.LandingLinks{Address: "/-/healthy", Text: "Healthy", Description: "the exporter runs"},
		toolkit.LandingLinks{Address: "/-/ready", Text: "Ready", Description: "the exporter can be scraped"},
	)
}
