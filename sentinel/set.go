package sentinel

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// An Option is a setting of a master, by the name that SENTINEL SET has for it,
// such as "quorum". It has one value; "rename-command" alone has two, the old
// name and the new.
type Option struct {
	Name   string
	Values []string
}

// isSecret reports whether the value is a password.
func (o Option) isSecret() bool { return strings.EqualFold(o.Name, "auth-pass") }

// String prints the option as SENTINEL SET takes it, a password as ******.
func (o Option) String() string {
	if o.isSecret() {
		return o.Name + " ******"
	}
	return strings.Join(append([]string{o.Name}, o.Values...), " ")
}

// GoString keeps a password out of %#v as well.
func (o Option) GoString() string { return fmt.Sprintf("sentinel.Option{%q}", o.String()) }

// check refuses a wrong number of values. The Sentinel would take one too many
// for the name of the next option, and quote it in its error, password or not.
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
	Applied []Option // took effect, in their order
	// Failed is the option that was not set, for the reason in Err. It may have
	// been when Err is ErrUnanswered, and it is in effect until the Sentinel
	// restarts when Err is ErrConfigNotSaved.
	Failed  Option
	Skipped []Option // were not sent
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
// Each option is a SENTINEL SET of its own. One command could take them all, and
// would apply them one by one as well; but its error does not say at which one it
// stopped, and no error at all says how far it came when the connection breaks.
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
	defer c.release() // nobody's commands come between the options
	for i, o := range options {
		if err := c.setOne(ctx, name, o); err != nil {
			return setError(options, i, i, err)
		}
	}
	return nil
}

// setOne sets one option. The caller has the turn.
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

// setError says that the first so many options were applied and one was not.
func setError(options []Option, applied, failed int, err error) *SetError {
	return &SetError{
		Applied: slices.Clone(options[:applied]),
		Failed:  options[failed],
		Skipped: slices.Concat(options[applied:failed], options[failed+1:]),
		Err:     err,
	}
}
