package sentinel

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// stream is a connection that delivers what it was given, some bytes at a time.
type stream struct {
	net.Conn
	data io.Reader
	step int
}

func (s *stream) Read(p []byte) (int, error)  { return s.data.Read(p[:min(s.step, len(p))]) }
func (s *stream) Write(p []byte) (int, error) { return len(p), nil }
func (s *stream) SetDeadline(time.Time) error { return nil }

func readGuarded(data io.Reader, step int) (string, error) {
	g := &limitedConn{most: maxExchange, Conn: &stream{data: data, step: step}}
	got, err := io.ReadAll(g)
	return string(got), err
}

func TestGuardLetsRepliesThrough(t *testing.T) {
	t.Parallel()
	replies := "+OK\r\n-ERR no\r\n:12\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n" + wire(infoText) +
		wire([]any{flat(healthyMaster), flat(failingMaster)}) + wire([]any{[]any{[]any{[]any{"+\r\n-x\r\n*1"}}}}) +
		wire(strings.Repeat("x", 1000))
	for _, step := range []int{1, 2, 3, 7, 1024, 1 << 20} {
		got, err := readGuarded(strings.NewReader(replies), step)
		if err != nil || got != replies {
			t.Errorf("%d bytes at a time: error %v, %d of %d bytes", step, err, len(got), len(replies))
		}
	}
}

func TestGuardBreaksOff(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"claims a gigabyte":      "$1000000000\r\n",
		"claims 10^9 elements":   "*1000000000\r\n",
		"length is no number":    "*3x\r\n",
		"negative":               "$-2\r\n",
		"HTTP":                   "HTTP/1.1 400 Bad Request\r\n\r\n",
		"HTTP without a line":    "HTTP/1.1 400 Bad Request",
		"a TLS alert":            "\x15\x03\x01\x00\x02\x02\x46",
		"RESP3":                  "%1\r\n+a\r\n+b\r\n",
		"an empty line":          "\r\n",
		"too deep":               strings.Repeat("*1\r\n", maxDepth+1),
		"a line without end":     "+" + strings.Repeat("x", maxLine+1),
		"a line too long":        "+" + strings.Repeat("x", maxLine+1) + "\r\n",
		"after a proper reply":   "+OK\r\nnonsense\r\n",
		"inside an array":        "*2\r\n+OK\r\n?\r\n",
		"string longer than max": fmt.Sprintf("$%d\r\n", maxBulk+1),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, step := range []int{1, 5, 1 << 20} {
				if got, err := readGuarded(strings.NewReader(data), step); !errors.Is(err, errMalformed) {
					t.Errorf("%d bytes at a time: read %d bytes, error %v", step, len(got), err)
				}
			}
		})
	}
}

// endless never stops to send one large element after another.
type endless struct{ sent int }

func (e *endless) Read(p []byte) (int, error) {
	element := "$1015\r\n" + strings.Repeat("x", 1015) + "\r\n"
	n := copy(p, element[e.sent%len(element):])
	e.sent += n
	return n, nil
}

func TestGuardEndsTheEndless(t *testing.T) {
	t.Parallel()
	data := io.MultiReader(strings.NewReader("*1000000\r\n"), &endless{})
	g := &limitedConn{most: maxExchange, Conn: &stream{data: data, step: 1 << 16}}
	n, err := io.Copy(io.Discard, g)
	if !errors.Is(err, errMalformed) || n > maxExchange {
		t.Errorf("read %d bytes, error %v", n, err)
	}
}

func TestGuardCountsFromEachRequest(t *testing.T) {
	t.Parallel()
	g := &limitedConn{most: maxExchange, Conn: &stream{data: &endless{}, step: 1 << 20}}
	for range 3 {
		if _, err := io.CopyN(io.Discard, g, maxExchange/2); err != nil {
			t.Fatal(err)
		}
		if _, err := g.Write([]byte("PING\r\n")); err != nil {
			t.Fatal(err)
		}
	}
}
