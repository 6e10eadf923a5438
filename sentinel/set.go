package sentinel

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// An Option is a setting of a master, by its name in SENTINEL SET, such as "quorum". It has
// one value; only "rename-command" has two, the old name and the new.
type Option struct {
	Name   string
	Values []string
}

// isSecret reports whether the value is a password.
func (o Option) isSecret() bool { return strings.EqualFold(o.Name, "auth-pass") }

// String returns the option and its values, a password as ******.
func (o Option) String() string {
	if o.isSecret() {
		return o.Name + " ******"
	}
	return strings.Join(append([]string{o.Name}, o.Values...), " ")
}

// GoString keeps a password out of %#v as well.
func (o Option) GoString() string { return fmt.Sprintf("sentinel.Option{%q}", o.String()) }

// check refuses a wrong number of values. A Sentinel would take a surplus value as the next
// option, and quote it in its error, even if it is a password.
func (o Option) check() error {
	want := 1
	if strings.EqualFold(o.Name, "rename-command") {
		want = 2
	}
	if len(o.Values) != want {
		return fmt.Errorf("%w: option %q takes %d values, not %d", ErrInvalidArgument, clip(o.Name), want, len(o.Values))
	}
	return nil
}

// A SetError says how far Set came.
type SetError struct {
	Applied []Option // in effect, in their order
	// Failed is the option that was not set, for the reason in Err. After ErrUnanswered
	// it may have been set; after ErrConfigNotSaved it is in effect until the Sentinel
	// restarts.
	Failed  Option
	Skipped []Option // not sent
	Err     error
}

// Error says which option failed and why, and which are in effect.
func (e *SetError) Error() string {
	text := fmt.Sprintf("option %s: %v", e.Failed, e.Err)
	if len(e.Applied) == 0 {
		return text
	}
	applied := make([]string, len(e.Applied))
	for i, o := range e.Applied {
		applied[i] = o.String()
	}
	return text + "; in effect before it: " + strings.Join(applied, ", ")
}

// Unwrap returns the reason.
func (e *SetError) Unwrap() error { return e.Err }

// Set changes settings of a master on this Sentinel, one after the other, and
// stops at the first that fails. The error is then a *SetError; errors.Is finds
// ErrNoSuchMaster, ErrUnknownOption, ErrInvalidArgument, ErrScriptDenied and
// ErrConfigNotSaved in it.
//
// Each option is sent in a SENTINEL SET of its own. One command could take them all, but it
// is not atomic either, and its error does not say at which option it stopped.
func (c *Client) Set(ctx context.Context, name string, options ...Option) error {
	if len(options) == 0 {
		return nil
	}
	for i, o := range options {
		if err := o.check(); err != nil { // before anything is changed
			return setError(options, 0, i, &Error{Sentinel: c.Address(), Command: "SENTINEL SET", Reason: ReasonOther, Err: err})
		}
	}
	if err := c.acquire(ctx); err != nil {
		return setError(options, 0, 0, c.failure(ctx, err, "SENTINEL SET"))
	}
	defer c.release() // no other commands come between the options
	for i, o := range options {
		if err := c.setOne(ctx, name, o); err != nil {
			return setError(options, i, i, err)
		}
	}
	return nil
}

// setOne sets one option. The caller holds the turn.
func (c *Client) setOne(ctx context.Context, name string, o Option) error {
	args := []any{"SENTINEL", "SET", name, o.Name}
	for _, value := range o.Values {
		args = append(args, value)
	}
	secret := ""
	if o.isSecret() {
		secret = o.Values[0]
	}
	raw, err := c.sendOnceLocked(ctx, secret, args...)
	if err != nil {
		return err
	}
	return c.expectOK(raw, args...)
}

// setError returns the error if the first applied options took effect, and failed did not.
func setError(options []Option, applied, failed int, err error) *SetError {
	return &SetError{
		Applied: slices.Clone(options[:applied]),
		Failed:  options[failed],
		Skipped: slices.Concat(options[applied:failed], options[failed+1:]),
		Err:     err,
	}
}
