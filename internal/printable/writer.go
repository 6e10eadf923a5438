package printable

import (
	"bytes"
	"io"
	"sync"
	"unicode/utf8"
)

// A Writer passes text on and escapes what commands a terminal, but newline and tab. JSON
// that goes through it means the same afterwards. It is safe for concurrent use.
type Writer struct {
	out io.Writer

	mu   sync.Mutex // guards rest, and writing
	rest []byte     // of the last Write: the first bytes of a rune
}

// NewWriter returns a Writer that writes to out.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out} }

// Write writes all of the text but a rune that has only begun.
func (w *Writer) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	whole := text
	if len(w.rest) > 0 {
		whole = append(w.rest, text...)
	}
	end := len(whole)
	for i := 1; i < utf8.UTFMax && i <= len(whole); i++ {
		if tail := whole[len(whole)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				end -= i
			}
			break
		}
	}
	err := w.write(whole[:end])
	w.rest = bytes.Clone(whole[end:])
	return len(text), err
}

// Flush writes the beginning of a rune that has not ended.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := w.rest
	w.rest = nil
	return w.write(rest)
}

func (w *Writer) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	_, err := w.out.Write(Text(text))
	return err
}

// Text returns the text as a Writer writes it.
func Text(text []byte) []byte {
	keeps := func(r rune) bool { return r == '\n' || r == '\t' }
	if utf8.Valid(text) && !bytes.ContainsFunc(text, func(r rune) bool { return commands(r) && !keeps(r) }) {
		return text
	}
	var b bytes.Buffer
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if keeps(r) {
			b.WriteByte(text[0])
		} else {
			writeRune(&b, r, string(text[:size]))
		}
		text = text[size:]
	}
	return b.Bytes()
}
