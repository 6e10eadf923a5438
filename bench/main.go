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
	against := flag.String("against", "", "`binary` of another build to compare it with, scrape by scrape")
	peer := flag.String("redis-exporter", "", "`binary` of redis_exporter to compare it with, scrape by scrape")
	counts := flag.String("masters", "1,10,100,1000", "numbers of masters")
	rounds := flag.Int("rounds", 15, "scrapes that each figure is the median of")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := bench{binary: *binary, against: *against, peer: *peer, rounds: *rounds}
	if err := b.run(ctx, os.Stdout, *counts); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures each number of masters and writes the report.
func (b *bench) run(ctx context.Context, out io.Writer, counts string) error {
	if b.rounds < 1 {
		return fmt.Errorf("-rounds: %d is not a number of scrapes", b.rounds)
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
		b.masters = masters
		if err := b.size(ctx, &report, nodes.port); err != nil {
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

// size fills one size into the report.
func (b *bench) size(ctx context.Context, r *results, dataPort string) error {
	dir, err := os.MkdirTemp("", "redis_sentinel_exporter-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	start, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	_, _ = fmt.Fprintf(os.Stderr, "starting %d Sentinels on %d masters\n", trio, b.masters)
	sentinels, err := startSentinels(start, dir, b.masters, dataPort)
	defer func() {
		for _, s := range sentinels {
			s.stop()
		}
	}()
	if err != nil {
		return err
	}
	b.sentinels = sentinels
	return b.all(ctx, r)
}

// median of durations.
func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
