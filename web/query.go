package web

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// parseQuery parses a query. The parameters in many may be repeated, those in once may not.
// Any other parameter is an error, so that a misspelt one is not silently ignored.
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
