// Demo starts a real throw-away Redis deployment with three Sentinels, the exporter on it, and
// HAProxy, which asks the exporter for the master, until Ctrl-C.
//
//	go run ./demo
//
// The variable FOR, as in FOR=30s, makes it end by itself.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// startTimeout bounds the start of the servers and of the exporter.
const startTimeout = 2 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run shows the demo until ctx ends, or the time that FOR names is over.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	binary := flags.String("exporter", "", "the exporter's binary; it is built when none is given")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	ctx, cancel, err := limit(ctx, os.Getenv("FOR"))
	if err != nil {
		return err
	}
	defer cancel()
	err = show(ctx, *binary, out)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil // ended while it started
	}
	return err
}

// limit returns a context that ends after the duration in text, if there is one.
func limit(ctx context.Context, text string) (context.Context, context.CancelFunc, error) {
	if text == "" {
		return ctx, func() {}, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return nil, nil, fmt.Errorf("FOR=%s is not a time such as 30s", text)
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	return ctx, cancel, nil
}

func show(ctx context.Context, binary string, out io.Writer) (err error) {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	say(out, "Starting one master, two replicas and three Sentinels ...")
	topology, err := sentineltest.Start(starting, sentineltest.Config{})
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, topology.Close())
		say(out, "All of it is stopped and removed.")
	}()
	exporter, err := startExporter(starting, binary, topology.SentinelAddrs())
	if err != nil {
		return err
	}
	defer exporter.close()
	balancer, err := startBalancer(starting, topology, exporter)
	switch {
	case err == nil:
		defer balancer.close()
	case !errors.Is(err, errNoHAProxy):
		return err
	}
	if err := explain(starting, out, topology, exporter, balancer); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		say(out, "\nStopping ...")
		return nil
	case <-exporter.Ended():
		return errors.New("the exporter has ended")
	}
}

// say prints to a terminal, and ignores errors.
func say(out io.Writer, lines ...any) { _, _ = fmt.Fprintln(out, lines...) }
