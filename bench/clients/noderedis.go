package clients

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

// openNodeRedis starts the program in noderedis, which has the library. Its modules must have been installed (npm ci).
func openNodeRedis(ctx context.Context, master string, sentinels []string) (setter, func(), error) {
	command := exec.CommandContext(ctx, "node", append([]string{"writer.mjs", master}, sentinels...)...) //nolint:gosec // the test's own addresses
	command.Dir, command.Stderr = "noderedis", os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := command.Start(); err != nil {
		return nil, nil, err
	}
	n := &nodeRedis{in: in, answers: bufio.NewReader(out)}
	return n.set, func() { _ = in.Close(); _ = command.Wait() }, nil
}

// A nodeRedis is a running program that sends one SET after the other.
type nodeRedis struct {
	in      io.Writer
	answers *bufio.Reader
}

func (n *nodeRedis) set(_ context.Context, key, value string) error {
	if _, err := fmt.Fprintln(n.in, key, value); err != nil {
		return err
	}
	answer, err := n.answers.ReadString('\n')
	switch answer = strings.TrimSpace(answer); {
	case err != nil:
		return err
	case answer != "ok":
		return errors.New(answer)
	}
	return nil
}
