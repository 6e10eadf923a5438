package sentinel

import (
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"
)

// A reply is raw RESP2 as it came off the wire, read from front to back. What is
// read out of it shares its memory: no string is copied.
type reply struct{ rest string }

// line takes one line, without its CRLF.
func (r *reply) line() (string, error) {
	// To look for one byte is twice as fast as to look for two, and this is most of
	// what there is to do with a reply.
	end := strings.IndexByte(r.rest, '\n') - 1
	if end < 1 || r.rest[end] != '\r' {
		return "", fmt.Errorf("%w: %q is not a line", errMalformed, clip(r.rest))
	}
	line := r.rest[:end]
	r.rest = r.rest[end+len("\r\n"):]
	return line, nil
}

// length reads the number of a header line such as $11 or *3; -1 is nil.
func length(line string) (int, error) {
	n, err := strconv.Atoi(line[1:])
	if err != nil || n < -1 {
		return 0, fmt.Errorf("%w: %q is not a length", errMalformed, clip(line))
	}
	return n, nil
}

// array takes the header of an array and returns the number of its elements, -1
// for a nil array.
func (r *reply) array() (int, error) {
	line, err := r.line()
	if err != nil {
		return 0, err
	}
	if line[0] != '*' {
		return 0, fmt.Errorf("%w: %q where an array should be", errMalformed, clip(line))
	}
	return length(line)
}

// capacity bounds what is made for a claimed number of elements: an element takes
// at least the given number of bytes on the wire.
func (r *reply) capacity(claimed, bytes int) int { return max(0, min(claimed, len(r.rest)/bytes)) }

// text takes a bulk string, a simple string or an integer as text; a nil string
// is an error.
func (r *reply) text() (string, error) {
	line, err := r.line()
	if err != nil {
		return "", err
	}
	switch line[0] {
	case '+', ':':
		return line[1:], nil
	case '$':
		n, err := length(line)
		if err != nil {
			return "", err
		}
		if n >= 0 && n+2 <= len(r.rest) && r.rest[n:n+2] == "\r\n" {
			text := r.rest[:n]
			r.rest = r.rest[n+2:]
			return text, nil
		}
	}
	return "", fmt.Errorf("%w: %q where a string should be", errMalformed, clip(line))
}

// isNil reports whether a nil comes next, and takes it.
func (r *reply) isNil() bool {
	for _, null := range []string{"$-1\r\n", "*-1\r\n"} {
		if rest, found := strings.CutPrefix(r.rest, null); found {
			r.rest = rest
			return true
		}
	}
	return false
}

// skip passes over one value of any kind.
func (r *reply) skip() error {
	if !strings.HasPrefix(r.rest, "*") {
		if r.isNil() {
			return nil
		}
		if rest, refused := strings.CutPrefix(r.rest, "-"); refused {
			r.rest = "+" + rest
		}
		_, err := r.text()
		return err
	}
	n, err := r.array()
	for range n {
		if err != nil {
			return err
		}
		err = r.skip()
	}
	return err
}

// whole reports whether a raw reply is complete: a part of one never looks so.
func whole(raw string) bool {
	r := reply{raw}
	return r.skip() == nil && r.rest == ""
}

// end makes sure that nothing follows.
func (r *reply) end() error {
	if r.rest != "" {
		return fmt.Errorf("%w: %q after its end", errMalformed, clip(r.rest))
	}
	return nil
}

// fields takes a flat array of names and values.
func (r *reply) fields(set func(name, value string) error) error {
	n, err := r.array()
	if err != nil {
		return err
	}
	if n < 0 || n%2 != 0 {
		return fmt.Errorf("%w: %d elements where names and values should be", errMalformed, n)
	}
	for range n / 2 {
		name, err := r.text()
		if err != nil {
			return err
		}
		value, err := r.text()
		if err != nil {
			return err
		}
		if err := set(name, value); err != nil {
			return err
		}
	}
	return nil
}

// number reads a field's decimal number.
func number(name, value string) (Number, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return Number{}, fmt.Errorf("%w: field %s is %q, not a number", errMalformed, name, clip(value))
	}
	return Some(n), nil
}

// millis reads a field's milliseconds.
func millis(name, value string) (Duration, error) { return times(name, value, time.Millisecond) }

// times reads a field's number of units, as many as a time.Duration holds.
func times(name, value string, unit time.Duration) (Duration, error) {
	n, err := number(name, value)
	if err != nil {
		return Duration{}, err
	}
	if most := math.MaxInt64 / int64(unit); n.Value > most || n.Value < -most {
		return Duration{}, fmt.Errorf("%w: field %s is %s times %s, out of range", errMalformed, name, clip(value), unit)
	}
	return Some(time.Duration(n.Value) * unit), nil
}

// address joins host and port; the host may be an IPv6 address or empty.
func address(host, port string) string { return net.JoinHostPort(host, port) }

// readText reads a reply that is one string.
func readText(raw string) (string, error) {
	r := reply{raw}
	text, err := r.text()
	if err != nil {
		return "", err
	}
	return text, r.end()
}

// texts takes an array of strings.
func (r *reply) texts() ([]string, error) {
	n, err := r.array()
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, r.capacity(n, len("$0\r\n\r\n")))
	for range n {
		text, err := r.text()
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, nil
}
