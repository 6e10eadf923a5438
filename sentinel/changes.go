package sentinel

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// The commands that change something. Each acts on this one Sentinel, is sent at
// most once, and returns ErrUnanswered when that was done and no answer came.

// Failover makes the Sentinel fail a master over without asking the others
// (SENTINEL FAILOVER). It returns when the failover has begun. The error is
// ErrNoSuchMaster, ErrFailoverInProgress or ErrNoGoodReplica.
func (c *Client) Failover(ctx context.Context, name string) error {
	return c.do(ctx, "SENTINEL", "FAILOVER", name)
}

// Reset makes the Sentinel forget all it has found out about the masters whose
// names match a glob-style pattern: their replicas, the other Sentinels and a
// failover under way, which it then finds again (SENTINEL RESET). It returns the
// number of masters; 0 is no error.
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

// ResetPattern is the pattern that matches this name only.
func ResetPattern(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// Monitor makes the Sentinel watch a master at host:port (SENTINEL MONITOR). The
// error is ErrDuplicateMaster or ErrInvalidArgument; of ErrConfigNotSaved the
// master is monitored all the same.
func (c *Client) Monitor(ctx context.Context, name, addr string, quorum int) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		err = fmt.Errorf("%w: the address %q is not host:port", ErrInvalidArgument, clip(addr))
		return &Error{Sentinel: c.Address(), Command: "SENTINEL MONITOR", Reason: ReasonOther, Err: err}
	}
	return c.do(ctx, "SENTINEL", "MONITOR", name, host, port, quorum)
}

// Remove makes the Sentinel watch a master no longer (SENTINEL REMOVE). The error
// is ErrNoSuchMaster; of ErrConfigNotSaved the master is removed all the same.
func (c *Client) Remove(ctx context.Context, name string) error {
	return c.do(ctx, "SENTINEL", "REMOVE", name)
}

// FlushConfig makes the Sentinel write its configuration file again, with all
// that it knows (SENTINEL FLUSHCONFIG). The error is ErrConfigNotSaved, from Redis
// 7.0 on; earlier ones say OK in any case.
func (c *Client) FlushConfig(ctx context.Context) error {
	return c.do(ctx, "SENTINEL", "FLUSHCONFIG")
}

// do sends a command that changes something and answers OK.
func (c *Client) do(ctx context.Context, args ...any) error {
	raw, err := c.sendOnce(ctx, "", args...)
	if err != nil {
		return err
	}
	return c.expectOK(raw, args...)
}
