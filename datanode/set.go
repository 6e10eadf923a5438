package datanode

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Add adds a value to a set, which expires when nothing has been added for so long.
func (c *Conn) Add(ctx context.Context, key, value string, expires time.Duration) error {
	return c.order(ctx, []any{"SADD", key, value}, []any{"PEXPIRE", key, expires.Milliseconds()})
}

// Values returns the values of a set; none if there is no such key.
func (c *Conn) Values(ctx context.Context, key string) ([]string, error) {
	replies, err := c.read(ctx, []any{"SMEMBERS", key})
	if err != nil {
		return nil, err
	}
	elements, err := replies[0].Elements()
	if err != nil {
		return nil, fmt.Errorf("SMEMBERS: %w", err)
	}
	values := make([]string, len(elements))
	for i, e := range elements {
		if values[i], err = e.Text(); err != nil {
			return nil, fmt.Errorf("SMEMBERS: %w", err)
		}
	}
	return values, nil
}

// Delete deletes a key where the node takes writes, and reports whether the node still has it.
func (c *Conn) Delete(ctx context.Context, key string) (remains bool, err error) {
	replies, err := c.read(ctx, []any{"DEL", key}, []any{"EXISTS", key})
	if err != nil {
		return false, err
	}
	if err := replies[0].Err(); err != nil && !strings.HasPrefix(err.Error(), "READONLY") {
		return false, fmt.Errorf("DEL: %w", err)
	}
	text, err := replies[1].Text()
	if err != nil {
		return false, fmt.Errorf("EXISTS: %w", err)
	}
	return text != "0", nil
}

// A Link says which role a node has, and whether a replica has its master.
type Link struct {
	Replica bool
	Up      bool // of a replica
}

// Link asks a node for its role.
func (c *Conn) Link(ctx context.Context) (Link, error) {
	replies, err := c.read(ctx, []any{"INFO", "replication"})
	if err != nil {
		return Link{}, err
	}
	text, err := replies[0].Text()
	if err != nil {
		return Link{}, fmt.Errorf("INFO: %w", err)
	}
	var l Link
	for line := range strings.Lines(text) {
		switch strings.TrimSpace(line) {
		case "role:slave":
			l.Replica = true
		case "master_link_status:up":
			l.Up = true
		}
	}
	return l, nil
}
