package sentinel_test

import (
	"testing"
	"unicode/utf8"

	"redis_sentinel_exporter/sentinel"
)

func TestValidUTF8(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, in, want string }{
		{"plain", "mymaster", "mymaster"},
		{"empty", "", ""},
		{"other letters", "größe-日本", "größe-日本"},
		{"replacement character, valid", "\uFFFD", "\uFFFD"},
		{"backslash", `C:\redis\`, `C:\redis\`},
		{"invalid", "\xff\xfe", `\xff\xfe`},
		{"invalid among valid", "a\x80ö", `a\x80ö`},
		{"invalid and backslash", "\\\xff", `\x5c\xff`},
		{"invalid beside a replacement character", "\uFFFD\xff", "\uFFFD" + `\xff`},
		{"cut off", "\xe6\x97", `\xe6\x97`},
		{"looks escaped", `\xff`, `\x5cxff`},
		{"escaped twice", `\x5cxff`, `\x5cx5cxff`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := sentinel.ValidUTF8(test.in); got != test.want {
				t.Errorf("ValidUTF8(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
}

// All strings of up to four of the parts that matter: no two become one.
func TestValidUTF8IsInjective(t *testing.T) {
	t.Parallel()
	from := make(map[string]string)
	var try func(s string, more int)
	try = func(s string, more int) {
		value := sentinel.ValidUTF8(s)
		if !utf8.ValidString(value) {
			t.Fatalf("ValidUTF8(%q) = %q is not valid UTF-8", s, value)
		}
		if other, ok := from[value]; ok && other != s {
			t.Fatalf("%q and %q both become %q", s, other, value)
		}
		from[value] = s
		if more == 0 {
			return
		}
		for _, b := range []string{`\`, "x", "5", "c", "f", "\xff", "\xc3", "\xb6", `\xff`, `\x5c`} {
			try(s+b, more-1)
		}
	}
	try("", 4)
}
