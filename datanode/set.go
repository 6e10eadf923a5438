package datanode

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
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
	// Master is the address that a replica follows, as host:port.
	Master string
}

// Link asks a node for its role.
func (c *Conn) Link(ctx context.Context) (l Link, err error) {
	var host, port string
	err = c.replication(ctx, func(name, value string) {
		switch name {
		case "master_host":
			host = sentinel.ValidUTF8(value)
		case "master_port":
			port = sentinel.ValidUTF8(value)
		}
		l.Replica = l.Replica || name == "role" && value == "slave"
		l.Up = l.Up || name == "master_link_status" && value == "up"
	})
	if l.Replica {
		l.Master = net.JoinHostPort(host, port)
	}
	return l, err
}

// Priority asks a replica for its replica-priority; 0 is never promoted. A master has none.
func (c *Conn) Priority(ctx context.Context) (priority sentinel.Number, err error) {
	err = c.replication(ctx, func(name, value string) {
		if n, err := strconv.ParseInt(value, 10, 64); name == "slave_priority" && err == nil {
			priority = sentinel.Some(n)
		}
	})
	return priority, err
}

// PriorityAsReplica asks a node for the replica-priority that it has, or would have as a replica; none before Redis 5.0, where
// the setting has another name.
func (c *Conn) PriorityAsReplica(ctx context.Context) (priority sentinel.Number, err error) {
	replies, err := c.read(ctx, []any{"CONFIG", "GET", "replica-priority"})
	if err != nil {
		return priority, err
	}
	pair, err := replies[0].Elements()
	if err != nil {
		return priority, fmt.Errorf("CONFIG GET: %w", err)
	}
	if len(pair) != 2 {
		return priority, nil
	}
	n, err := numberIn(pair[1])
	if err != nil {
		return priority, fmt.Errorf("CONFIG GET: %w", err)
	}
	return sentinel.Some(n), nil
}

// replication calls read with each field of INFO replication.
func (c *Conn) replication(ctx context.Context, read func(name, value string)) error {
	replies, err := c.read(ctx, []any{"INFO", "replication"})
	if err != nil {
		return err
	}
	text, err := replies[0].Text()
	if err != nil {
		return fmt.Errorf("INFO: %w", err)
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		read(name, value)
	}
	return nil
}
