package sentinel

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A dripping connection gives its answer in pieces, anew after each request, which it keeps.
type dripping struct {
	net.Conn
	answer string
	piece  int
	rest   io.Reader
	asked  strings.Builder
}

func (d *dripping) Write(p []byte) (int, error) {
	d.rest = strings.NewReader(d.answer)
	return d.asked.Write(p)
}

func (d *dripping) Read(p []byte) (int, error) { return d.rest.Read(p[:min(len(p), d.piece)]) }

// TestDirect: what is read without go-redis is what go-redis reads, whatever the pieces it
// comes in, and it asks in the same words.
func TestDirect(t *testing.T) {
	t.Parallel()
	commands := [][]string{{"INFO"}, {"SENTINEL", "MASTERS"}, {"SENTINEL", "CKQUORUM", "a b\r\n\xff"}, {"SENTINEL", "REPLICAS", ""}, {"PING"}, {"PING"}}
	const answer = "$12\r\nredis\r\n*2\r\n:\r\n" + "*2\r\n*2\r\n$4\r\nname\r\n$1\r\na\r\n*0\r\n" + "-NOQUORUM 1 usable\r\n" + "*-1\r\n" + ":7\r\n" + "$-1\r\n"
	for piece := 1; piece <= len(answer); piece++ {
		r := record(t, 1)
		if _, err := r.raw(t.Context()); err != nil { // the handshake is in it
			t.Fatal(err)
		}
		conn := &dripping{Conn: r.conn.Conn, answer: answer, piece: piece}
		r.conn.Conn = conn
		var read [2][]string
		var asked [2]string
		for i := range read {
			r.used = i > 0
			replies, err := r.exchange(t.Context(), commands)
			if err != nil {
				t.Fatalf("in pieces of %d: exchange %d: %v", piece, i, err)
			}
			read[i], asked[i] = replies, conn.asked.String()
			conn.asked.Reset()
		}
		if diff := cmp.Diff(read[0], read[1]); diff != "" || len(read[0]) != len(commands) {
			t.Fatalf("in pieces of %d (-go-redis +direct):\n%s", piece, diff)
		}
		if asked[0] != asked[1] {
			t.Fatalf("go-redis asks %q, direct %q", asked[0], asked[1])
		}
	}
}

// TestDirectEnds: an answer that ends too early keeps the replies that are complete, and one
// that goes on too long is an error.
func TestDirectEnds(t *testing.T) {
	t.Parallel()
	commands := [][]string{{"PING"}, {"PING"}, {"PING"}}
	for _, tc := range []struct {
		answer  string
		replies []string
		err     error
	}{
		{"+a\r\n+b\r\n+c", []string{"+a\r\n", "+b\r\n"}, io.EOF},
		{"+a\r\n$3\r\nb", []string{"+a\r\n"}, io.EOF},
		{"", []string{}, io.EOF},
		{"+a\r\n+b\r\n+c\r\n+d\r\n", []string{"+a\r\n", "+b\r\n", "+c\r\n"}, errMalformed},
	} {
		r := record(t, 1)
		r.conn.Conn = &dripping{Conn: r.conn.Conn, answer: tc.answer, piece: 100}
		got, err := r.direct(t.Context(), commands)
		if diff := cmp.Diff(tc.replies, got); diff != "" || !errors.Is(err, tc.err) {
			t.Errorf("%q: got %v\n%s", tc.answer, err, diff)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	r := record(t, 1)
	r.conn.Conn = &dripping{Conn: r.conn.Conn, answer: "+a\r\n", piece: 100}
	if _, err := r.direct(ended, commands); err == nil {
		t.Error("it goes on after the end of its context")
	}
}
