package sentinel

import (
	"context"
	"fmt"
	"strings"
)

// change sends a command that changes something, at most once. A PING goes before
// it on the same connection, in an exchange of its own: so a connection that the
// Sentinel has closed meanwhile is replaced, and a handshake refused, while
// nothing is at stake. Whatever fails from then on is ErrUnanswered.
//
// The secret is a value that no error may hold.
func (c *Client) sendOnce(ctx context.Context, secret string, args ...any) (string, error) {
	if err := c.acquire(ctx); err != nil {
		return "", c.failure(ctx, err, words(args))
	}
	defer c.release()
	return c.sendOnceLocked(ctx, secret, args...)
}

// changeInTurn is change for the caller that has the turn.
func (c *Client) sendOnceLocked(ctx context.Context, secret string, args ...any) (string, error) {
	if err := checkArguments(args); err != nil {
		return "", &Error{Sentinel: c.Address(), Command: words(args), Reason: ReasonOther, Err: err}
	}
	// That a user may not PING is an answer as good as any.
	if _, err := c.exchange(ctx, true, [][]any{{"PING"}}); err != nil {
		return "", c.failure(ctx, err, words(args))
	}
	if err := ctx.Err(); err != nil {
		return "", c.failure(ctx, err, words(args))
	}
	replies, err := c.exchange(ctx, false, [][]any{args})
	if err != nil {
		failure := c.failure(ctx, err, words(args))
		failure.Err = fmt.Errorf("%w: %w", failure.Err, ErrUnanswered)
		return "", failure
	}
	if refused := c.refusal(replies[0], args); refused != nil {
		refused.Err = withoutSecret(refused.Err, secret)
		return "", refused
	}
	return replies[0], nil
}

// withoutSecret returns an error that does not print the secret, should the
// Sentinel have quoted it.
func withoutSecret(err error, secret string) error {
	if secret == "" || !strings.Contains(err.Error(), secret) {
		return err
	}
	return scrubError(err, secret)
}

// checkArguments refuses control characters. A Sentinel writes what it is told
// into its configuration file as it is, where a newline would begin a directive of
// its own; Valkey 9.1 is the first to refuse them itself.
func checkArguments(args []any) error {
	for i, arg := range args {
		text := fmt.Sprint(arg)
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("%w: word %d holds a control character", ErrInvalidArgument, i+1)
		}
	}
	return nil
}

// expectOK reads the reply to a command that answers OK or not at all.
func (c *Client) expectOK(raw string, args ...any) error {
	if text, err := readText(raw); err != nil || text != "OK" {
		return c.malformed(fmt.Errorf("%w: %q where OK should be", errMalformed, clip(raw)), args)
	}
	return nil
}
