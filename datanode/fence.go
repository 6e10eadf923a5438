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

// PauseWrites makes clients that write wait, for so long at most (CLIENT PAUSE WRITE, from Redis 6.2 on).
func (c *Conn) PauseWrites(ctx context.Context, most time.Duration) error {
	return c.order(ctx, []any{"CLIENT", "PAUSE", most.Milliseconds(), "WRITE"})
}

// Unpause lets them go on.
func (c *Conn) Unpause(ctx context.Context) error { return c.order(ctx, []any{"CLIENT", "UNPAUSE"}) }

// Follow makes the node a replica, and closes the connections of its clients, so that they look for their
// master again: as a Sentinel does it, in one MULTI.
func (c *Conn) Follow(ctx context.Context, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	return c.order(ctx, []any{"MULTI"}, []any{"REPLICAOF", host, port}, []any{"CONFIG", "REWRITE"},
		[]any{"CLIENT", "KILL", "TYPE", "normal"}, []any{"EXEC"})
}

// Promote makes the node a master.
func (c *Conn) Promote(ctx context.Context) error {
	return c.order(ctx, []any{"MULTI"}, []any{"REPLICAOF", "NO", "ONE"}, []any{"CONFIG", "REWRITE"}, []any{"EXEC"})
}

// MayFollow does nothing, and returns an error if the node does not permit what Follow and Promote send. It leaves a
// transaction open, so that nothing else can be done with the connection: the caller must close it.
func (c *Conn) MayFollow(ctx context.Context) error {
	return c.order(ctx, []any{"MULTI"}, []any{"REPLICAOF", "NO", "ONE"}, []any{"CONFIG", "REWRITE"}, []any{"CLIENT", "KILL", "TYPE", "normal"})
}

// order sends commands, and returns the first error reply.
func (c *Conn) order(ctx context.Context, commands ...[]any) error {
	replies, err := c.read(ctx, commands...)
	if err != nil {
		return err
	}
	for i, words := range commands {
		err := replies[i].Err()
		if words[0] == "EXEC" && err == nil {
			err = firstErr(replies[i])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", printed(words), err)
		}
	}
	return nil
}

// firstErr returns the error of the first command in the reply to EXEC. The others can fail: a node without a
// configuration file cannot write it.
func firstErr(r sentinel.Reply) error {
	elements, err := r.Elements()
	if err != nil || len(elements) == 0 {
		return err
	}
	return elements[0].Err()
}

// A Position is how far the replication stream of a node has come.
type Position struct {
	Replica bool
	// ID is that of the history of writes: offsets of two nodes can be compared if both have the same.
	ID string
	// Offset is in bytes. That of a replica is what it has of its master's stream.
	Offset int64
	// Down is how long a replica has had no link to its master; absent if it has one.
	Down sentinel.Duration
	// Replicas are those that a master lists.
	Replicas []sentinel.AttachedReplica
}

// Position asks a node how far it has come.
func (c *Conn) Position(ctx context.Context) (p Position, err error) {
	var own, received int64
	err = c.replication(ctx, func(name, value string) {
		number, _ := strconv.ParseInt(value, 10, 64) // 0 is behind all
		switch {
		case name == "role":
			p.Replica = value == "slave"
		case name == "master_replid":
			p.ID = value
		case name == "master_repl_offset":
			own = number
		case name == "slave_repl_offset":
			received = number
		case name == "master_link_down_since_seconds" && number >= 0: // -1 is never
			p.Down = sentinel.Some(time.Duration(number) * time.Second)
		case strings.HasPrefix(name, "slave") && strings.Contains(value, "offset="):
			p.Replicas = append(p.Replicas, sentinel.ParseAttachedReplica(value))
		}
	})
	if p.Offset = own; p.Replica {
		p.Offset = received
	}
	return p, err
}
