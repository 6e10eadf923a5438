package printable_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"redis_sentinel_exporter/internal/printable"
)

func TestLine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                      "",
		"größe-日本 👩‍🚀":          "größe-日本 👩‍🚀",
		"\uFFFD":                "\uFFFD",
		"a\x1b[2Jb":             `a\u001b[2Jb`,
		"a\nb\tc\r":             `a\u000ab\u0009c\u000d`,
		"\x7f\u009b31m":         `\u007f\u009b31m`,
		"\x9b31m\xff":           `\x9b31m\xff`, // C1 of a terminal that is set to Latin-1
		"\u202egpj\u2066\u200f": `\u202egpj\u2066\u200f`,
		"one\u2028two\u2029":    `one\u2028two\u2029`,
		"half \xe6\x97":         `half \xe6\x97`,
	} {
		if got := printable.Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
	if got := printable.Clip("größe", 3); got != "gr..." {
		t.Errorf("a text is cut within a rune: %q", got)
	}
}

// TestWriterKeepsRunes: wherever a text is parted, what comes out is the same.
func TestWriterKeepsRunes(t *testing.T) {
	t.Parallel()
	const text = "日\x1b本\u202e 👩\xff\n\té\xe6\x97"
	want := `日\u001b本\u202e 👩\xff` + "\n\té" + `\xe6\x97`
	for i := range len(text) {
		var b bytes.Buffer
		w := printable.NewWriter(&b)
		for _, part := range []string{text[:i], text[i:]} {
			if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatalf("wrote %d, %v", n, err)
			}
		}
		if err := w.Flush(); err != nil || b.String() != want {
			t.Errorf("parted at %d: %v %q, want %q", i, err, &b, want)
		}
	}
}

// TestQuoteIsTheWord has a shell say what it makes of it.
func TestQuoteIsTheWord(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"", "m", "it's", `a\b`, "$(id)", "`id`", "!x", "a\nb", "\x1b[2J'\\", "\x9b\xff0", "\u202ex", "-n", "\u0085é'"} {
		quoted := printable.Quote(word)
		if printable.Line(quoted) != quoted {
			t.Errorf("%q is quoted as %q", word, quoted)
		}
		out, err := exec.CommandContext(t.Context(), "bash", "-c", "printf %s "+quoted).Output()
		if err != nil || string(out) != word {
			t.Errorf("%s is %q to a shell, want %q (%v)", quoted, out, word, err)
		}
	}
}

// FuzzText: nothing that commands a terminal gets through, JSON stays JSON, and a quoted
// word has one line.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "a\x1b[2J\n", "\u009b\u202e\xff", "日本\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		raw := func(r rune) bool {
			return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
		}
		out := string(printable.Text([]byte(text)))
		if !utf8.ValidString(out) || strings.ContainsFunc(out, raw) {
			t.Errorf("%q comes out as %q", text, out)
		}
		for _, line := range []string{printable.Line(text), printable.Quote(text), printable.Clip(text, 10)} {
			if !utf8.ValidString(line) || strings.ContainsFunc(line, raw) || strings.ContainsAny(line, "\n\t") {
				t.Errorf("%q comes out as %q", text, line)
			}
		}
		if !utf8.ValidString(text) {
			return
		}
		before, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var after string
		if err := json.Unmarshal(printable.Text(before), &after); err != nil || after != text {
			t.Errorf("%q is %q afterwards (%v)", text, after, err)
		}
	})
}
