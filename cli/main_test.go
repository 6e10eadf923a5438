package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"go.uber.org/goleak"

	"redis_sentinel_exporter/cli"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// run runs a command against the Sentinels at the addresses, prints its error as the
// program does, and returns its exit code.
func run(ctx context.Context, addresses []string, streams cli.Streams, words ...string) (status int) {
	app := kingpin.New("test", "")
	commands := cli.AddCommands(app)
	name, err := app.Parse(words)
	if err != nil {
		fmt.Fprintln(streams.Err, err)
		return 1
	}
	var clients []*sentinel.Client
	for _, address := range addresses {
		clients = append(clients, sentinel.NewClient(sentinel.Options{Address: address}))
	}
	d := deployment.New(clients...)
	defer d.Close()
	if status, err = commands[name].Run(ctx, d, streams); err != nil {
		fmt.Fprintln(streams.Err, err)
		return commands[name].Failed()
	}
	return status
}

// output runs a command to its end, with nobody at the terminal.
func output(t *testing.T, addresses []string, timeout time.Duration, words ...string) (stdout, stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	status = run(ctx, addresses, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Timeout: timeout}, words...)
	return out.String(), errs.String(), status
}
