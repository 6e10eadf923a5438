package sentinel

import (
	"context"
	"errors"
	"strings"
)

// Read sends commands in one round trip, and returns what each was answered. They must be such that can be
// sent again, if the connection turns out to be broken.
// The server need not be a Sentinel: package datanode asks Redis and Valkey with it.
func (c *Client) Read(ctx context.Context, commands ...[]any) ([]Reply, error) {
	if err := c.acquire(ctx); err != nil {
		return nil, c.failure(ctx, err, words(commands[0]))
	}
	defer c.release()
	raw, err := c.exchange(ctx, true, commands)
	if err != nil {
		return nil, c.failure(ctx, err, words(commands[min(len(raw), len(commands)-1)]))
	}
	replies := make([]Reply, len(raw))
	for i, text := range raw {
		if strings.HasPrefix(text, "-") {
			text = scrub(strings.TrimSuffix(text, "\r\n"), c.password())
		}
		replies[i] = Reply{text}
	}
	return replies, nil
}

// A Reply is what a server has answered to one command, or an element of it.
type Reply struct{ raw string }

// Err returns the error reply that it is; nil if it is none.
func (r Reply) Err() error {
	if text, refused := strings.CutPrefix(r.raw, "-"); refused {
		return errors.New(clip(strings.TrimSuffix(text, "\r\n")))
	}
	return nil
}

// IsNil reports whether there is nothing.
func (r Reply) IsNil() bool { return (&reply{rest: r.raw}).isNil() }

// Text returns a string, or a number as it is written.
func (r Reply) Text() (string, error) {
	if err := r.Err(); err != nil {
		return "", err
	}
	return readText(r.raw)
}

// Elements returns the elements of an array.
func (r Reply) Elements() ([]Reply, error) {
	if err := r.Err(); err != nil {
		return nil, err
	}
	rest := reply{rest: r.raw}
	n, err := rest.array()
	if err != nil {
		return nil, err
	}
	elements := make([]Reply, 0, rest.capacity(n, len("$0\r\n")))
	for range n {
		before := rest.rest
		if err := rest.skip(); err != nil {
			return nil, err
		}
		elements = append(elements, Reply{before[:len(before)-len(rest.rest)]})
	}
	return elements, rest.end()
}
