package sentinel

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ValidUTF8 makes any bytes fit for what takes only UTF-8, such as a label or
// JSON: a master's name may be anything. Two different strings never become one,
// since two masters would then look like one: a string that is not valid, or that
// looks as if it were already escaped, has its invalid bytes and its backslashes
// as \xNN, and all others stay as they are.
func ValidUTF8(s string) string {
	if utf8.ValidString(s) && !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == '\\' || r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}
