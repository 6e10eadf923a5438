package web

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"redis_sentinel_exporter/health"
)

// parseQuery reads a query in which some parameters may be given many times, others
// once. What it does not know it refuses: a client that does not ask what it seems to
// ask is better told at once.
func parseQuery(raw string, many []string, once ...string) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, fmt.Errorf("the query cannot be read: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch n := len(values[name]); {
		case slices.Contains(many, name):
		case !slices.Contains(once, name):
			return nil, fmt.Errorf("there is no parameter %q: there are %s", name, strings.Join(slices.Concat(many, once), ", "))
		case n > 1:
			return nil, fmt.Errorf("the parameter %q is given %d times", name, n)
		}
	}
	return values, nil
}

// narrow returns the report on the master that the query names, whose name may be
// empty; all of it if the query names none.
func narrow(report health.Report, query url.Values) (health.Report, error) {
	if !query.Has("master") {
		return report, nil
	}
	name := query.Get("master")
	narrowed, known := report.Narrowed(name)
	if !known {
		return report, fmt.Errorf("no Sentinel that answered monitors a master named %q", name)
	}
	return narrowed, nil
}
