package sentinel

import (
	"context"
	"fmt"
	"strings"
)

// sendOnce sends a command that changes something, at most once. It sends a PING first, in an
// exchange of its own: if the Sentinel has closed the kept connection, or refuses the
// handshake, that shows before the command is sent. A failure after that is ErrUnanswered.
//
// The secret is a value that must not be in an error.
func (c *Client) sendOnce(ctx context.Context, secret string, args ...any) (string, error) {
	if err := c.acquire(ctx); err != nil {
		return "", c.failure(ctx, err, words(args))
	}
	defer c.release()
	return c.sendOnceLocked(ctx, secret, args...)
}

// sendOnceLocked is sendOnce for a caller that holds the turn.
func (c *Client) sendOnceLocked(ctx context.Context, secret string, args ...any) (string, error) {
	if err := checkArguments(args); err != nil {
		return "", &Error{Sentinel: c.Address(), Command: words(args), Reason: ReasonOther, Err: err}
	}
	// An error reply is as good as PONG: it shows that the connection works.
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

// checkArguments refuses control characters. A Sentinel writes the arguments into its
// configuration file without quoting, so a newline would begin another directive. Only
// Valkey from 9.1 on refuses them itself.
func checkArguments(args []any) error {
	for i, arg := range args {
		text := fmt.Sprint(arg)
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("%w: word %d holds a control character", ErrInvalidArgument, i+1)
		}
	}
	return nil
}

// expectOK checks that a reply is OK.
func (c *Client) expectOK(raw string, args ...any) error {
	if text, err := readText(raw); err != nil || text != "OK" {
		return c.malformed(fmt.Errorf("%w: %q where OK should be", errMalformed, clip(raw)), args)
	}
	return nil
}
