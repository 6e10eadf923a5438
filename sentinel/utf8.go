package sentinel

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ValidUTF8 turns any bytes into valid UTF-8, for labels and JSON: the name of a master may
// have any bytes. Different strings stay different, so that two masters never look like one.
// A string that is invalid, or contains \x already, gets its invalid bytes and its backslashes
// written as \xNN; all others are unchanged.
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
