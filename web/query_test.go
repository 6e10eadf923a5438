package web

import (
	"testing"
)

func TestParseQuery(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ raw, want string }{
		{"", ""},
		{"a=1&many=2&many=3", ""},
		{"a=", ""},
		{"a=1&a=1", `the parameter "a" is given 2 times`},
		{"many[]=1", `there is no parameter "many[]": there are many, a`},
		{"A=1", `there is no parameter "A": there are many, a`},
		{"=1", `there is no parameter "": there are many, a`},
		{"z=1&y=1", `there is no parameter "y": there are many, a`},
		{"a=%zz", `the query cannot be read: invalid URL escape "%zz"`},
		{"a;b", `the query cannot be read: invalid semicolon separator in query`},
	} {
		_, err := parseQuery(tc.raw, []string{"many"}, "a")
		if got := message(err); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.raw, got, tc.want)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
