package sentinel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// A Client talks to one Sentinel over one connection, which it keeps. It is safe
// for concurrent use: calls take turns, and concurrent calls of Snapshot share one snapshot.
type Client struct {
	options   Options
	turn      chan struct{} // holds one token, which guards the fields from session to processes, but recent
	session   *session
	known     []string // the masters of the last snapshot
	account   *account // of the call under way
	allowance allowance
	slaves    bool // the Sentinel does not know REPLICAS, only SLAVES
	noCache   bool // the Sentinel refuses INFO-CACHE, which only the options demand
	named     bool // the last snapshot has a host that is given by name
	refused   bool // SENTINEL CONFIG GET was, on this connection

	copies    *copies      // of texts in its replies; nil until it has many masters
	recent    recentEvents // of the event stream
	processes processes

	mu       sync.Mutex // guards the fields below
	inflight *inflight
	sent     string      // the password that the Sentinel was told last
	totals   ErrorTotals // by command and reason, since the client was created
}

// NewClient returns a client. It connects at the first call.
func NewClient(o Options) *Client {
	c := &Client{options: o, turn: make(chan struct{}, 1), processes: make(processes)}
	c.turn <- struct{}{}
	return c
}

// Address returns the address of the Sentinel, as host:port.
func (c *Client) Address() string { return c.options.Address }

// Sibling returns a client of the same Sentinel with connections of its own.
func (c *Client) Sibling() *Client { return NewClient(c.options) }

// Close waits for the call under way and closes the connection. A later call connects again.
func (c *Client) Close() {
	<-c.turn
	c.drop()
	c.turn <- struct{}{}
}

// acquire waits for the client's turn, and opens the account of the call.
func (c *Client) acquire(ctx context.Context) error {
	select {
	case <-c.turn:
		c.account = c.options.Budget.open()
		c.allowance.largest = 0
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for a call under way: %w", ctx.Err())
	}
}

// release gives back what the call has of the budget, and the turn.
func (c *Client) release() {
	c.account.settle()
	c.account = nil
	c.turn <- struct{}{}
}

// drop closes the connection. The caller holds the turn.
func (c *Client) drop() {
	if c.session != nil {
		c.session.close()
		c.session, c.refused = nil, false
	}
}

// exchange sends the commands in one round trip and returns the raw replies, including those
// that came before an error, as stream does.
func (c *Client) exchange(ctx context.Context, repeatable bool, commands [][]any) ([]string, error) {
	replies := make([]string, len(commands))
	n, err := c.stream(ctx, repeatable, commands, func(place int, reply string) { replies[place] = strings.Clone(reply) })
	return replies[:n], err
}

// stream sends the commands in one round trip, and calls take with each raw reply and its place as they come; take must
// keep no part of one. It returns how many came before an error; with none, take may have had some that are of no use.
// The caller holds the turn. If the Sentinel has closed the kept connection meanwhile, stream tries once more on a new
// one, but only if the commands are repeatable: then the first reply comes again. The text of the error contains no
// password.
func (c *Client) stream(ctx context.Context, repeatable bool, commands [][]any, take func(int, string)) (int, error) {
	n, err := c.attempt(ctx, commands, take)
	if lost := err != nil && c.session != nil && c.session.lost(ctx, err); lost && repeatable {
		c.drop()
		n, err = c.attempt(ctx, commands, take)
	}
	if err != nil {
		if c.isAskedInVain(ctx, err) {
			err = errNeedsTLS
		}
		c.drop()
	}
	return n, err
}

// isAskedInVain reports whether the Sentinel closes the connection without a word because
// it speaks only TLS.
func (c *Client) isAskedInVain(ctx context.Context, err error) bool {
	return c.options.TLS == nil && c.session != nil && c.session.speechless() &&
		reasonOf(ctx, err) == ReasonUnreachable && speaksTLS(ctx, c.options)
}

// password returns what the Sentinel may repeat, and an error must not.
func (c *Client) password() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent
}

// attempt makes one exchange, on a new connection if there is none.
func (c *Client) attempt(ctx context.Context, commands [][]any, take func(int, string)) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if c.session == nil {
		password, err := c.options.password()
		if err != nil {
			return 0, err
		}
		if c.session, err = openSession(ctx, c.options, password); err != nil {
			return 0, scrubError(err, password)
		}
		c.noCache = false // it may have been given the permission
		c.mu.Lock()
		c.sent = password
		c.mu.Unlock()
	}
	conn := c.session.conn
	conn.account, conn.most = c.account, c.allowance.bytes()
	c.account.use(conn)
	n, err := c.session.exchange(ctx, commands, take)
	c.account.use(nil)
	c.allowance.largest = max(c.allowance.largest, conn.total)
	if broken := c.account.why(); broken != nil {
		return 0, broken
	}
	if err != nil {
		return n, scrubError(err, c.session.password)
	}
	return n, nil
}

// ask sends one command and returns its raw reply.
func (c *Client) ask(ctx context.Context, args ...any) (string, error) {
	if err := c.acquire(ctx); err != nil {
		return "", c.failure(ctx, err, words(args))
	}
	defer c.release()
	replies, err := c.exchange(ctx, true, [][]any{args})
	if err != nil {
		return "", c.failure(ctx, err, words(args))
	}
	return replies[0], nil
}

// refusal returns the error if a reply is an error reply, otherwise nil. NOQUORUM is an answer.
func (c *Client) refusal(raw string, args []any) *Error {
	text, refused := strings.CutPrefix(raw, "-")
	if !refused || noQuorum(raw) {
		return nil
	}
	reason, err := replyError(strings.TrimSuffix(text, "\r\n"))
	return &Error{Sentinel: c.Address(), Command: words(args), Reason: reason, Err: withoutSecret(err, c.password())}
}

// failure wraps an error of the connection. A reply that is broken off since the Sentinel may send only little
// failed for the reason of that.
func (c *Client) failure(ctx context.Context, err error, command string) *Error {
	if errors.Is(err, errCurbed) {
		return &Error{Sentinel: c.Address(), Command: command, Reason: c.allowance.curbed.Reason, Err: c.allowance.curbed.Err}
	}
	e := &Error{Sentinel: c.Address(), Command: command, Reason: reasonOf(ctx, err), Err: err}
	switch {
	case e.Reason == ReasonTimeout:
		e.Err = &scrubbed{text: "no answer within the deadline", cause: err}
	case errors.Is(err, io.EOF):
		e.Err = &scrubbed{text: "the Sentinel closed the connection", cause: err}
	}
	return e
}

// malformed wraps the error of a reply that could not be parsed, or that refuses the command
// without being an error reply.
func (c *Client) malformed(err error, args []any) *Error {
	e := &Error{Sentinel: c.Address(), Command: words(args), Reason: ReasonOther, Err: withoutSecret(err, c.password())}
	if errors.Is(err, errMalformed) {
		e.Reason = ReasonProtocol
	}
	return e
}

// readAnswer parses a reply into *into, unless it is an error reply.
func readAnswer[T any](c *Client, raw string, args []any, parse func(string) (T, error), into *T) *Error {
	if refused := c.refusal(raw, args); refused != nil {
		return refused
	}
	value, err := parse(raw)
	if err != nil {
		return c.malformed(err, args)
	}
	*into = value
	return nil
}

// words returns the name of a command, without its arguments.
func words(args []any) string {
	name := fmt.Sprint(args[0])
	if name == "SENTINEL" && len(args) > 1 {
		name += " " + fmt.Sprint(args[1])
	}
	return name
}
