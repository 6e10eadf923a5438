package sentinel

import (
	"context"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
)

// The commands that change something. Each acts on this one Sentinel only, is sent at most
// once, and returns ErrUnanswered if it was sent and no answer came.

// Failover makes the Sentinel fail a master over without asking the others
// (SENTINEL FAILOVER). It returns when the failover has begun. If the Sentinel refuses, the
// error is ErrNoSuchMaster, ErrFailoverInProgress or ErrNoGoodReplica.
func (c *Client) Failover(ctx context.Context, name string) error {
	return c.do(ctx, "SENTINEL", "FAILOVER", name)
}

// CoordinatedFailover makes the Sentinel be elected and let the master hand over to a replica, with
// all writes (SENTINEL FAILOVER COORDINATED, from Valkey 9.0 on). It returns when that has begun.
// A master that cannot is an error; see Failover for the others.
func (c *Client) CoordinatedFailover(ctx context.Context, name string) error {
	return c.do(ctx, "SENTINEL", "FAILOVER", name, "COORDINATED")
}

// Reset makes the Sentinel forget what it has found out about the masters whose
// names match a glob-style pattern: their replicas, the other Sentinels, and a
// failover under way (SENTINEL RESET). It finds the replicas and Sentinels again. Reset
// returns the number of masters; 0 is no error.
func (c *Client) Reset(ctx context.Context, pattern string) (int, error) {
	args := []any{"SENTINEL", "RESET", pattern}
	raw, err := c.sendOnce(ctx, "", args...)
	if err != nil {
		return 0, err
	}
	text, err := readText(raw)
	if err != nil {
		return 0, c.malformed(err, args)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, c.malformed(fmt.Errorf("%w: %q is not a number of masters", errMalformed, clip(text)), args)
	}
	return n, nil
}

// ResetPattern returns the pattern that matches only this name.
func ResetPattern(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// Monitor makes the Sentinel monitor a master at host:port (SENTINEL MONITOR). If the
// Sentinel refuses, the error is ErrDuplicateMaster or ErrInvalidArgument. After
// ErrConfigNotSaved the master is monitored all the same.
func (c *Client) Monitor(ctx context.Context, name, addr string, quorum int) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		err = fmt.Errorf("%w: the address %q is not host:port", ErrInvalidArgument, clip(addr))
		return &Error{Sentinel: c.Address(), Command: "SENTINEL MONITOR", Reason: ReasonOther, Err: err}
	}
	return c.do(ctx, "SENTINEL", "MONITOR", name, host, port, quorum)
}

// Remove makes the Sentinel stop monitoring a master (SENTINEL REMOVE). If it does not
// monitor it, the error is ErrNoSuchMaster. After ErrConfigNotSaved the master is removed
// all the same.
func (c *Client) Remove(ctx context.Context, name string) error {
	return c.do(ctx, "SENTINEL", "REMOVE", name)
}

// KillSubscribers closes the connections of the clients that subscribe to the events of the Sentinel (CLIENT
// KILL TYPE pubsub): they subscribe again, and ask for their masters.
func (c *Client) KillSubscribers(ctx context.Context) error { return c.kill(ctx, "TYPE", "pubsub") }

// KillNobody does nothing, and is refused if the user may not kill.
func (c *Client) KillNobody(ctx context.Context) error { return c.kill(ctx, "ID", math.MaxInt64) }

func (c *Client) kill(ctx context.Context, filter string, which any) error {
	args := []any{"CLIENT", "KILL", filter, which}
	raw, err := c.sendOnce(ctx, "", args...)
	if err != nil {
		return err
	}
	if _, err := readText(raw); err != nil {
		return c.malformed(err, args)
	}
	return nil
}

// FlushConfig makes the Sentinel write its configuration file again, with its state
// (SENTINEL FLUSHCONFIG). If that fails, the error is ErrConfigNotSaved; before Redis 7.0
// a Sentinel answers OK in any case.
func (c *Client) FlushConfig(ctx context.Context) error {
	return c.do(ctx, "SENTINEL", "FLUSHCONFIG")
}

// do sends a command that changes something and whose answer is OK.
func (c *Client) do(ctx context.Context, args ...any) error {
	raw, err := c.sendOnce(ctx, "", args...)
	if err != nil {
		return err
	}
	return c.expectOK(raw, args...)
}
