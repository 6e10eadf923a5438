package sentinel

import (
	"fmt"
	"strconv"
	"strings"
)

// A reply is the rest of a raw RESP2 reply, which is read from front to back. The strings
// that are read share its memory, and those that stay are copied.
type reply struct {
	rest   string
	copies *copies
}

// line reads one line and returns it without its CRLF.
func (r *reply) line() (string, error) {
	// Searching for one byte is twice as fast as for two, and most of the work is here.
	end := strings.IndexByte(r.rest, '\n') - 1
	if end < 1 || r.rest[end] != '\r' {
		return "", fmt.Errorf("%w: %q is not a line", errMalformed, clip(r.rest))
	}
	line := r.rest[:end]
	r.rest = r.rest[end+len("\r\n"):]
	return line, nil
}

// length parses the number in a header line such as $11 or *3; -1 means nil.
func length(line string) (int, error) {
	n, err := strconv.Atoi(line[1:])
	if err != nil || n < -1 {
		return 0, fmt.Errorf("%w: %q is not a length", errMalformed, clip(line))
	}
	return n, nil
}

// stringHeader reads the usual header of a string, such as $11, most of what there is to read: up to six digits. It
// returns the length of the string and how many bytes the header has, which are 0 if it is another one or incomplete.
func stringHeader[T string | []byte](data T) (length, size int) {
	if len(data) == 0 || data[0] != '$' {
		return 0, 0
	}
	i := 1
	for i < min(len(data), len("$123456")) && '0' <= data[i] && data[i] <= '9' {
		length = 10*length + int(data[i]-'0')
		i++
	}
	if i == 1 || i+1 >= len(data) || data[i] != '\r' || data[i+1] != '\n' {
		return 0, 0
	}
	return length, i + len("\r\n")
}

// array reads the header of an array and returns the number of its elements; -1 for nil.
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

// capacity limits a claimed number of elements to how many can be in the rest of the reply,
// if each has at least the given number of bytes.
func (r *reply) capacity(claimed, bytes int) int { return max(0, min(claimed, len(r.rest)/bytes)) }

// text reads a bulk string, a simple string or an integer. A nil is an error.
func (r *reply) text() (string, error) {
	if n, size := stringHeader(r.rest); size > 0 && size+n+2 <= len(r.rest) && r.rest[size+n:size+n+2] == "\r\n" {
		text := r.rest[size : size+n]
		r.rest = r.rest[size+n+2:]
		return text, nil
	}
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

// isNil reports whether a nil comes next, and reads it.
func (r *reply) isNil() bool {
	for _, null := range []string{"$-1\r\n", "*-1\r\n"} {
		if rest, found := strings.CutPrefix(r.rest, null); found {
			r.rest = rest
			return true
		}
	}
	return false
}

// skip skips one value of any type.
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

// end returns an error if anything is left.
func (r *reply) end() error {
	if r.rest != "" {
		return fmt.Errorf("%w: %q after its end", errMalformed, clip(r.rest))
	}
	return nil
}

// maxField bounds the name and the value of a field, in bytes. The longest real ones are
// paths of scripts and the names of masters, of which events show 1 KiB at most.
const maxField = 8 << 10

// fields reads a flat array of names and values, and calls set with each.
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
		if len(name) > maxField || len(value) > maxField {
			return fmt.Errorf("%w: the field %q has over %d KiB", errMalformed, clip(name), maxField>>10)
		}
		if err := set(name, value); err != nil {
			return err
		}
	}
	return nil
}

// readText parses a raw reply that is one string.
func readText(raw string) (string, error) {
	r := reply{rest: raw}
	text, err := r.text()
	if err != nil {
		return "", err
	}
	return text, r.end()
}

// readID parses a raw reply that is the id of a Sentinel: 40 hexadecimal digits.
func readID(raw string) (string, error) {
	text, err := readText(raw)
	if err == nil && (len(text) != 40 || strings.Trim(text, "0123456789abcdef") != "") {
		err = fmt.Errorf("%w: %q is not an id", errMalformed, clip(text))
	}
	if err != nil {
		return "", err
	}
	return text, nil
}

// texts reads an array of strings.
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
