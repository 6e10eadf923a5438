package sentineltest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// A Talk is a redis-cli that stays connected to a node, for frequent questions: starting a redis-cli for each takes longer
// than the answer. Use it from one goroutine only, and close it after an error.
type Talk struct {
	node *Node
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

// Talk starts one. Close it when done.
func (n *Node) Talk() (*Talk, error) {
	cmd := exec.Command(n.cli.program, append(n.cliArgs(), "-2", "--json")...) //nolint:gosec // the caller chooses the binary
	cmd.Env = append(os.Environ(), n.cli.env...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("sentineltest: talking to %s: %w", n.name, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("sentineltest: talking to %s: %w", n.name, err)
	}
	cmd.Stderr = cmd.Stdout // where it says that the node is gone, in place of an answer
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("sentineltest: talking to %s: %w", n.name, err)
	}
	return &Talk{node: n, cmd: cmd, in: in, out: bufio.NewReader(out)}, nil
}

// Close ends it.
func (t *Talk) Close() {
	_ = t.cmd.Process.Kill() // fails only if it has ended already
	_ = t.cmd.Wait()         // which is by that signal
}

// Batch sends several commands and returns their replies.
func (t *Talk) Batch(ctx context.Context, commands ...[]string) ([]CLIReply, error) {
	stop := context.AfterFunc(ctx, func() { _ = t.cmd.Process.Kill() })
	defer stop()
	var in strings.Builder
	for _, c := range commands {
		in.WriteString(quoteAll(c) + "\n")
	}
	if _, err := io.WriteString(t.in, in.String()); err != nil {
		return nil, t.failed(ctx, err)
	}
	answers := make([]CLIReply, len(commands))
	for i, command := range commands {
		line, err := t.line(ctx)
		if err != nil {
			return nil, err
		}
		answers[i] = t.node.answer(line, command)
	}
	return answers, nil
}

// Info returns the fields of INFO.
func (t *Talk) Info(ctx context.Context, sections ...string) (map[string]string, error) {
	stop := context.AfterFunc(ctx, func() { _ = t.cmd.Process.Kill() })
	defer stop()
	// redis-cli prints INFO as it is, with its many lines. What comes next tells that it is over.
	commands := quoteAll(append([]string{"INFO"}, sections...)) + "\nPING\n"
	if _, err := io.WriteString(t.in, commands); err != nil {
		return nil, t.failed(ctx, err)
	}
	var text strings.Builder
	for {
		line, err := t.line(ctx)
		if err != nil {
			return nil, err
		}
		if line == `"PONG"` {
			return infoFields(text.String()), nil
		}
		text.WriteString(line + "\n")
	}
}

func (t *Talk) line(ctx context.Context) (string, error) {
	line, err := t.out.ReadString('\n')
	if err != nil {
		return "", t.failed(ctx, err)
	}
	line = strings.TrimRight(line, "\r\n")
	if strings.HasPrefix(line, "Error: ") || strings.HasPrefix(line, "Could not connect ") {
		return "", t.failed(ctx, errors.New(line))
	}
	return line, nil
}

func (t *Talk) failed(ctx context.Context, err error) error {
	return fmt.Errorf("sentineltest: talking to %s: %w", t.node.name, errors.Join(context.Cause(ctx), err))
}
