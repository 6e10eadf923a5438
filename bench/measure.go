package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// A bench measures one size after the other.
type bench struct {
	binary    string
	against   string // another binary of this exporter, or empty
	peer      string // the binary of redis_exporter, or empty
	rounds    int
	masters   int // of the size that is measured now
	sentinels []*sentinelServer
}

// direct is the delay of a Sentinel without a proxy in front of it. With one the delay is 0
// or more, since the proxy itself takes some time.
const direct = time.Duration(-1)

// all measures everything about this size.
func (b *bench) all(ctx context.Context, r *results) error {
	if b.against != "" || b.peer != "" {
		return b.compareAll(ctx, r)
	}
	for _, delay := range []time.Duration{direct, 0, time.Millisecond, 10 * time.Millisecond} {
		row, err := b.one(ctx, delay)
		if err != nil {
			return err
		}
		r.rows = append(r.rows, row)
	}
	three, err := b.three(ctx)
	if err != nil {
		return err
	}
	r.rows = append(r.rows, three)
	crowd, err := b.crowd(ctx)
	if err != nil {
		return err
	}
	r.crowds = append(r.crowds, crowd)
	return nil
}

// one measures a scrape of one Sentinel that is a delay away each way, and the
// bound, in turns.
func (b *bench) one(ctx context.Context, delay time.Duration) (measurement, error) {
	addr, done, err := b.at(delay)
	if err != nil {
		return measurement{}, err
	}
	defer done()
	e, err := startExporter(ctx, b.binary, []string{addr})
	if err != nil {
		return measurement{}, err
	}
	defer e.stop()
	low, err := newBound(addr)
	if err != nil {
		return measurement{}, err
	}
	defer low.close()
	for range 2 { // the first learns the names
		if err := low.snapshot(); err != nil {
			return measurement{}, err
		}
	}
	out, err := b.scrapes(ctx, e, low.snapshot)
	out.sentinels, out.delay = 1, delay
	return out, err
}

// three measures a scrape of all three Sentinels, in turns with one of a single
// one.
func (b *bench) three(ctx context.Context) (measurement, error) {
	addrs := make([]string, len(b.sentinels))
	for i, s := range b.sentinels {
		addrs[i] = s.addr
	}
	e, err := startExporter(ctx, b.binary, addrs)
	if err != nil {
		return measurement{}, err
	}
	defer e.stop()
	single, err := startExporter(ctx, b.binary, addrs[:1])
	if err != nil {
		return measurement{}, err
	}
	defer single.stop()
	out, err := b.scrapes(ctx, e, func() error {
		_, err := single.scrape(ctx, plain)
		return err
	})
	out.sentinels, out.delay = len(addrs), direct
	out.single, out.bound = out.bound, 0
	return out, err
}

// at returns the address of the first Sentinel with a delay before it.
func (b *bench) at(delay time.Duration) (addr string, done func(), err error) {
	if delay == direct {
		return b.sentinels[0].addr, func() {}, nil
	}
	proxy, err := sentineltest.NewProxy(b.sentinels[0].addr)
	if err != nil {
		return "", nil, err
	}
	proxy.Delay(delay)
	return proxy.Addr(), proxy.Close, nil
}

// scrapes measures scrapes, in turns with what they are compared with.
func (b *bench) scrapes(ctx context.Context, e *exporter, low func() error) (measurement, error) {
	out := measurement{masters: b.masters}
	before, err := e.warmUp(ctx)
	if err != nil {
		return out, err
	}
	if err := b.turns(ctx, e, low, &out); err != nil {
		return out, err
	}
	after, err := e.usage(ctx)
	if err != nil {
		return out, err
	}
	out.count(before, after, b.rounds+1) // the last reading is a scrape too
	if err := b.packed(ctx, e, &out); err != nil {
		return out, err
	}
	out.rss, err = peakRSS(e.cmd.Process.Pid)
	return out, err
}

// count takes what a number of scrapes used.
func (m *measurement) count(before, after usage, scrapes int) {
	m.cpu = (after.cpu - before.cpu) / time.Duration(scrapes)
	m.mallocs = (after.mallocs - before.mallocs) / float64(scrapes)
	m.samples = after.samples
}

// turns measures how long one and the other take, and what the scrapes cost the
// first Sentinel.
func (b *bench) turns(ctx context.Context, e *exporter, low func() error, out *measurement) error {
	var walls, bounds []time.Duration
	for range b.rounds {
		before, err := cpuTime(b.sentinels[0].cmd.Process.Pid)
		if err != nil {
			return err
		}
		start := time.Now()
		if out.body, err = e.scrape(ctx, plain); err != nil {
			return err
		}
		walls = append(walls, time.Since(start))
		after, err := cpuTime(b.sentinels[0].cmd.Process.Pid)
		if err != nil {
			return err
		}
		out.sentinelCPU += (after - before) / time.Duration(b.rounds)
		start = time.Now()
		if err := low(); err != nil {
			return err
		}
		bounds = append(bounds, time.Since(start))
	}
	out.wall, out.bound = median(walls), median(bounds)
	return nil
}

// packed measures scrapes as Prometheus makes them: with compression.
func (b *bench) packed(ctx context.Context, e *exporter, out *measurement) error {
	before, err := cpuTime(e.cmd.Process.Pid)
	if err != nil {
		return err
	}
	for range b.rounds {
		if out.packed, err = e.scrape(ctx, packed); err != nil {
			return err
		}
	}
	after, err := cpuTime(e.cmd.Process.Pid)
	out.packedCPU = (after - before) / time.Duration(b.rounds)
	return err
}

// crowd measures ten scrapes at a time, and how long another client waits for a
// PING meanwhile.
func (b *bench) crowd(ctx context.Context) (crowd, error) {
	const scrapers = 10
	e, err := startExporter(ctx, b.binary, []string{b.sentinels[0].addr})
	if err != nil {
		return crowd{}, err
	}
	defer e.stop()
	other := sentinel.NewClient(sentinel.Options{Address: b.sentinels[0].addr})
	defer other.Close()
	out := crowd{masters: b.masters}
	if out.commandsOfOne, err = b.commands(ctx, other, func() error { _, err := e.scrape(ctx, plain); return err }); err != nil {
		return out, err
	}
	out.commandsOfTen, err = b.commands(ctx, other, func() error { return together(scrapers, func() error { _, err := e.scrape(ctx, plain); return err }) })
	if err != nil {
		return out, err
	}
	pinging, stop := context.WithCancel(ctx)
	var pings []time.Duration
	var wg sync.WaitGroup
	wg.Go(func() {
		for pinging.Err() == nil {
			start := time.Now()
			if other.Ping(pinging) == nil {
				pings = append(pings, time.Since(start))
			}
			time.Sleep(time.Millisecond)
		}
	})
	start := time.Now()
	for range b.rounds {
		if _, err = e.scrape(ctx, plain); err != nil {
			break
		}
	}
	out.wall = time.Since(start) / time.Duration(b.rounds)
	stop()
	wg.Wait()
	if len(pings) == 0 {
		return out, errors.Join(err, errors.New("no PING was answered during the scrapes"))
	}
	slices.Sort(pings)
	out.pingP90 = pings[len(pings)*9/10]
	return out, err
}

// commands counts what the Sentinel processed meanwhile, less the counting.
func (b *bench) commands(ctx context.Context, c *sentinel.Client, during func() error) (int64, error) {
	before, err := c.Info(ctx)
	if err != nil {
		return 0, err
	}
	if err := during(); err != nil {
		return 0, err
	}
	after, err := c.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("counting commands: %w", err)
	}
	return after.TotalCommands.Value - before.TotalCommands.Value - 1, nil
}

func together(n int, do func() error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = do() })
	}
	wg.Wait()
	return errors.Join(errs...)
}
