package printable

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Quote makes a word safe to paste into a shell (bash, zsh, ksh), whatever bytes it
// has. What would command the terminal on the way is written as $'\x1b', so that the
// terminal gets plain characters and the program that the shell starts gets the word.
func Quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.:/,", r)
	}
	switch {
	case word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }):
		return word
	case isPlain(word):
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for len(word) > 0 {
		r, size := utf8.DecodeRuneInString(word)
		switch {
		case breaks(r, size):
			for _, c := range []byte(word[:size]) {
				fmt.Fprintf(&b, `\x%02x`, c) // two digits at most: what follows is no part of it
			}
		case r == '\\' || r == '\'':
			b.WriteString(`\` + word[:size])
		default:
			b.WriteString(word[:size])
		}
		word = word[size:]
	}
	return b.String() + "'"
}
