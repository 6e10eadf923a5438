// Bench measures what a scrape costs, and the least that it could cost, in one run: the
// figures of two runs cannot be compared on a machine that is used for other things, too.
//
// It starts three real Sentinels that monitor N masters, all of which a small fake data node
// simulates, and the exporter for one and for all three of them.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	binary := flag.String("exporter", "./redis_sentinel_exporter", "the exporter's `binary`")
	against := flag.String("against", "", "`binary` of an exporter to compare it with, scrape by scrape")
	counts := flag.String("masters", "1,10,100,1000", "numbers of masters")
	rounds := flag.Int("rounds", 15, "scrapes that each figure is the median of")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, *binary, *against, *counts, *rounds); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, binary, against, counts string, rounds int) error {
	if rounds < 1 {
		return fmt.Errorf("-rounds: %d is not a number of scrapes", rounds)
	}
	if err := raiseFileLimit(); err != nil {
		return err
	}
	nodes, err := startDataNodes()
	if err != nil {
		return err
	}
	defer nodes.close()
	var report results
	for text := range strings.SplitSeq(counts, ",") {
		masters, err := strconv.Atoi(text)
		if err != nil || masters < 1 {
			return fmt.Errorf("-masters: %q is not a number of masters", text)
		}
		if err := measure(ctx, &report, binary, against, nodes.port, masters, rounds); err != nil {
			return err
		}
	}
	return report.write(out)
}

// raiseFileLimit allows for a connection, and a subscription, from each Sentinel
// to each node.
func raiseFileLimit() error {
	limit := syscall.Rlimit{Cur: 65536, Max: 65536}
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now); err != nil || now.Cur >= limit.Cur {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		limit.Cur, limit.Max = now.Max, now.Max
		return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	return nil
}

// measure fills one size into the report.
func measure(ctx context.Context, r *results, binary, against, dataPort string, masters, rounds int) error {
	dir, err := os.MkdirTemp("", "redis_sentinel_exporter-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	start, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	_, _ = fmt.Fprintf(os.Stderr, "starting %d Sentinels on %d masters\n", trio, masters)
	sentinels, err := startSentinels(start, dir, masters, dataPort)
	defer func() {
		for _, s := range sentinels {
			s.stop()
		}
	}()
	if err != nil {
		return err
	}
	b := &bench{binary: binary, against: against, masters: masters, rounds: rounds, sentinels: sentinels}
	return b.all(ctx, r)
}

// median of durations.
func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
