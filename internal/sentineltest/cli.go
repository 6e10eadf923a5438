package sentineltest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// CLI runs redis-cli against the node and returns what it prints, without the last newline. An error reply is an error
// whose text ends in the reply's. Options of redis-cli may stand before the command, such as "--user", "exporter",
// "--pass", "secret".
func (n *Node) CLI(ctx context.Context, args ...string) (string, error) {
	out, err := n.runCLI(ctx, nil, append([]string{"-e"}, args...)...)
	return strings.TrimSuffix(out, "\n"), err
}

// JSON sends one command in RESP2 and decodes redis-cli's JSON form of the reply into v.
func (n *Node) JSON(ctx context.Context, v any, args ...string) error {
	out, err := n.CLI(ctx, append([]string{"-2", "--json"}, args...)...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(out), v); err != nil {
		return fmt.Errorf("sentineltest: redis-cli %s printed %q: %w", strings.Join(args, " "), out, err)
	}
	return nil
}

// Row returns the reply to a command that answers with one set of fields, such as SENTINEL MASTER.
func (n *Node) Row(ctx context.Context, args ...string) (Row, error) {
	var row Row
	err := n.JSON(ctx, &row, args...)
	return row, err
}

// Rows returns the reply to a command that answers with a list of them, such as SENTINEL MASTERS.
func (n *Node) Rows(ctx context.Context, args ...string) ([]Row, error) {
	var rows []Row
	err := n.JSON(ctx, &rows, args...)
	return rows, err
}

// Reply returns the fields of a command that answers with one set of them, such as SENTINEL MASTER.
func (n *Node) Reply(ctx context.Context, args ...string) (map[string]string, error) {
	row, err := n.Row(ctx, args...)
	return row.Map(), err
}

// Info returns the fields of INFO, with the given sections or all.
func (n *Node) Info(ctx context.Context, sections ...string) (map[string]string, error) {
	out, err := n.CLI(ctx, append([]string{"INFO"}, sections...)...)
	if err != nil {
		return nil, err
	}
	return infoFields(out), nil
}

func infoFields(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok {
			fields[name] = value
		}
	}
	return fields
}

// A CLIReply is one reply of a batch.
type CLIReply struct {
	JSON []byte
	Err  error // whose text ends in the reply's, where that is an error
}

// Decode decodes the reply into v.
func (a CLIReply) Decode(v any) error {
	if a.Err != nil {
		return a.Err
	}
	if err := json.Unmarshal(a.JSON, v); err != nil {
		return fmt.Errorf("sentineltest: redis-cli printed %q: %w", a.JSON, err)
	}
	return nil
}

// Batch sends several commands, in RESP2, through one redis-cli. The error is one of all of them.
func (n *Node) Batch(ctx context.Context, commands ...[]string) ([]CLIReply, error) {
	var in bytes.Buffer
	for _, c := range commands {
		in.WriteString(quoteAll(c) + "\n")
	}
	out, err := n.runCLI(ctx, &in, "-2", "--json")
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != len(commands) {
		return nil, fmt.Errorf("sentineltest: %s answered %d commands of %d: %q", n.name, len(lines), len(commands), out)
	}
	answers := make([]CLIReply, len(lines))
	for i, line := range lines {
		answers[i] = n.answer(line, commands[i])
	}
	return answers, nil
}

// answer reads a line that redis-cli printed.
func (n *Node) answer(line string, command []string) CLIReply {
	if text, ok := strings.CutPrefix(line, "error:"); ok {
		return CLIReply{Err: fmt.Errorf("sentineltest: %s: %s: %s", n.name, strings.Join(command, " "), strings.Trim(text, `"`))}
	}
	return CLIReply{JSON: []byte(line)}
}

func (n *Node) runCLI(ctx context.Context, stdin *bytes.Buffer, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, n.cli.program, append(n.cliArgs(), args...)...) //nolint:gosec // the caller chooses the binary
	cmd.Env = append(os.Environ(), n.cli.env...)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(errs.String())
		return out.String(), fmt.Errorf("sentineltest: %s: redis-cli %s: %w", n.name, redact(args), errors.Join(context.Cause(ctx), cliError(said, err)))
	}
	return out.String(), nil
}

// cliError prefers redis-cli's own words to its exit status.
func cliError(said string, err error) error {
	if said == "" {
		return err
	}
	return errors.New(said)
}

// redact keeps passwords that were given as options out of error messages.
func redact(args []string) string {
	shown := make([]string, len(args))
	for i, a := range args {
		shown[i] = a
		if i > 0 && (args[i-1] == "--pass" || args[i-1] == "-a") {
			shown[i] = "***"
		}
	}
	return strings.Join(shown, " ")
}

// cliOptions is what redis-cli needs to know to get into a node.
type cliOptions struct {
	program string
	env     []string // REDISCLI_AUTH, so that no password shows in a list of processes
	tls     []string
}

func (n *Node) cliArgs() []string {
	return append([]string{"-h", n.ip, "-p", fmt.Sprint(n.listen.number), "--no-auth-warning"}, n.cli.tls...)
}

// MasterField returns a field of SENTINEL MASTER as each Sentinel has it; "" where one does not know the master, or does not
// answer.
func (t *Topology) MasterField(ctx context.Context, master, field string) []string {
	values := make([]string, len(t.Sentinels))
	for i, s := range t.Sentinels {
		if row, err := s.Row(ctx, "SENTINEL", "MASTER", master); err == nil {
			values[i] = row.Get(field)
		}
	}
	return values
}
