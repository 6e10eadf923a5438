package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A choice is what is chosen in the variables: none of a name is All.
type chosen map[string][]string

// interpolate puts values into a query as Grafana's Prometheus data source does:
// one as it is, several as an alternative, All as the variable's own pattern; the
// characters of regular expressions escaped for a matcher's string.
func (b jsonBoard) interpolate(query string, values chosen, builtIn map[string]string) string {
	for name, value := range builtIn {
		query = strings.ReplaceAll(query, "$"+name, value)
	}
	for _, v := range slices.Backward(b.Templating.List) { // no name is the beginning of another one before it
		var pattern string
		switch options := values[v.Name]; len(options) {
		case 0:
			pattern = v.AllValue
		case 1:
			pattern = escaped(options[0])
		default:
			parts := make([]string, len(options))
			for i, o := range options {
				parts[i] = escaped(o)
			}
			pattern = "(" + strings.Join(parts, "|") + ")"
		}
		query = strings.ReplaceAll(query, "$"+v.Name, pattern)
	}
	return query
}

// escaped is for a string in double quotes that holds a regular expression.
func escaped(s string) string {
	return strings.ReplaceAll(regexp.QuoteMeta(s), `\`, `\\`)
}

// sample are values of what Grafana itself knows.
func sample() map[string]string {
	return map[string]string{"__rate_interval": "1m", "__range": "1h"}
}

func TestInterpolate(t *testing.T) {
	t.Parallel()
	var b jsonBoard
	b.Templating.List = []jsonVariable{{Name: "job", AllValue: ".+"}, {Name: "sentinel", AllValue: ".+"}}
	for _, tc := range []struct {
		values chosen
		want   string
	}{
		{nil, `a{job=~".+|", sentinel=~".+"}[1m]`},
		{chosen{"job": {"x"}}, `a{job=~"x|", sentinel=~".+"}[1m]`},
		{chosen{"job": {"x", "y"}, "sentinel": {"10.0.0.1:5"}}, `a{job=~"(x|y)|", sentinel=~"10\\.0\\.0\\.1:5"}[1m]`},
	} {
		got := b.interpolate(`a{job=~"$job|", sentinel=~"$sentinel"}[$__rate_interval]`, tc.values, sample())
		if got != tc.want {
			t.Errorf("%v: got %s, want %s", tc.values, got, tc.want)
		}
	}
}
