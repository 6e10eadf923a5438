// Package printable keeps text that a stranger has chosen, such as the name of a master,
// from commanding the terminal, the page or the log that shows it.
package printable

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// commands reports whether a rune does something to what shows it: a control character of
// C0 or C1, one that turns the direction of writing, or one that ends a line.
func commands(r rune) bool {
	return r < ' ' || r >= 0x7f && (unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r))
}

// breaks reports whether a rune, which takes size bytes, has to be escaped.
func breaks(r rune, size int) bool { return commands(r) || r == utf8.RuneError && size == 1 }

// Line returns the text as one line: what commands a terminal is escaped, as \u001b, newline
// and tab too, and bytes that are not UTF-8 as \xNN. Any other text stays as it is.
func Line(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		writeRune(&b, r, text[:size])
		text = text[size:]
	}
	return b.String()
}

// Clip is Line of at most n bytes of the text, and three dots for the rest.
func Clip(text string, n int) string {
	if len(text) <= n {
		return Line(text)
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return Line(text[:n]) + "..."
}

// isPlain reports whether nothing of a text has to be escaped.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			return !strings.ContainsFunc(text, commands) && utf8.ValidString(text)
		}
	}
	return true
}

// writeRune writes one rune, which is encoded as given.
func writeRune(b interface{ WriteString(string) (int, error) }, r rune, encoded string) {
	switch {
	case r == utf8.RuneError && len(encoded) == 1:
		_, _ = b.WriteString(fmt.Sprintf(`\x%02x`, encoded[0]))
	case commands(r): // as JSON has it, so that JSON stays what it is
		_, _ = b.WriteString(fmt.Sprintf(`\u%04x`, r))
	default:
		_, _ = b.WriteString(encoded)
	}
}
