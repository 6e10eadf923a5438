package datanode

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"redis_sentinel_exporter/sentinel"
)

// A User is an ACL user of a node.
type User struct {
	On        bool
	NoPass    bool     // any password will do
	passwords []string // their hashes (SHA-256)
	commands  string   // the rules
}

// Accepts reports whether the user can log in with a password.
func (u *User) Accepts(password string) bool {
	sum := sha256.Sum256([]byte(password))
	return u.On && (u.NoPass || slices.Contains(u.passwords, hex.EncodeToString(sum[:])))
}

// Shares reports whether a password lets one in as both users, as far as both require one.
func (u *User) Shares(other *User) bool {
	return u.NoPass || other.NoPass || slices.ContainsFunc(u.passwords, func(hash string) bool { return slices.Contains(other.passwords, hash) })
}

// User asks for a user (ACL GETUSER, from Redis 6.0 on); nil if there is none.
func (c *Conn) User(ctx context.Context, name string) (*User, error) {
	replies, err := c.read(ctx, []any{"ACL", "GETUSER", name})
	if err != nil {
		return nil, err
	}
	if replies[0].IsNil() {
		return nil, nil //nolint:nilnil // see above
	}
	fields, err := replies[0].Elements()
	if err != nil {
		return nil, fmt.Errorf("ACL GETUSER: %w", err)
	}
	u := &User{}
	for i := 0; i+1 < len(fields); i += 2 {
		name, err := fields[i].Text()
		if err != nil {
			return nil, fmt.Errorf("ACL GETUSER: %w", err)
		}
		switch name {
		case "flags":
			flags := textsIn(fields[i+1])
			u.On, u.NoPass = slices.Contains(flags, "on"), slices.Contains(flags, "nopass")
		case "passwords":
			u.passwords = textsIn(fields[i+1])
		case "commands":
			u.commands, _ = fields[i+1].Text() // without it nothing is known to be permitted
		}
	}
	return u, nil
}

func textsIn(r sentinel.Reply) []string {
	elements, err := r.Elements()
	if err != nil {
		return nil
	}
	var texts []string
	for _, e := range elements {
		if text, err := e.Text(); err == nil {
			texts = append(texts, text)
		}
	}
	return texts
}

// errNoDryRun means that the node is too old to tell.
var errNoDryRun = errors.New("it has no ACL DRYRUN, which Redis has from 7.0 on")

// A Refusal is a command that a node would refuse to a user, and why.
type Refusal struct {
	Command, Reason string
	// Unknown is that the node knows no command of that name (rename-command), whoever asks.
	Unknown bool
}

func (r Refusal) String() string { return fmt.Sprintf("%s (%s)", r.Command, r.Reason) }

// Refused asks the node which of some commands it would refuse to a user, and returns them in their order.
func (c *Conn) Refused(ctx context.Context, user string, commands [][]any) (refused []Refusal, err error) {
	batch := make([][]any, len(commands))
	for i, words := range commands {
		batch[i] = append([]any{"ACL", "DRYRUN", user}, words...)
	}
	replies, err := c.read(ctx, batch...)
	if err != nil {
		return nil, err
	}
	for i, r := range replies {
		text, err := r.Text()
		switch {
		case err == nil && text == "OK":
		case err == nil:
			refused = append(refused, Refusal{Command: printed(commands[i]), Reason: sentinel.ValidUTF8(text)})
		case strings.Contains(err.Error(), "not found") && strings.Contains(err.Error(), "Command"):
			refused = append(refused, Refusal{Command: printed(commands[i]), Reason: "it knows no command of that name: rename-command", Unknown: true})
		case strings.Contains(err.Error(), "Unknown subcommand"), strings.Contains(err.Error(), "unknown subcommand"):
			return nil, c.allCommands(ctx, user)
		default:
			return nil, fmt.Errorf("ACL DRYRUN: %w", err)
		}
	}
	return refused, nil
}

// allCommands returns nil if the user may use all commands, which an older node can tell as well.
func (c *Conn) allCommands(ctx context.Context, user string) error {
	u, err := c.User(ctx, user)
	if err == nil && u != nil && u.commands == "+@all" {
		return nil
	}
	return errors.Join(errNoDryRun, err)
}

func printed(words []any) string { return strings.TrimSpace(fmt.Sprintln(words...)) }
