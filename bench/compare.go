package main

import (
	"context"
	"time"
)

// A pair is what scrapes of the exporter cost, and of another one that took turns with it.
type pair struct {
	against    string // what the other one is
	one, other measurement
}

// compareAll compares the exporter with the others for one Sentinel, and with those that can ask
// several in one scrape for all.
func (b *bench) compareAll(ctx context.Context, r *results) error {
	for _, sentinels := range [][]*sentinelServer{b.sentinels[:1], b.sentinels} {
		addrs := make([]string, len(sentinels))
		for i, s := range sentinels {
			addrs[i] = s.addr
		}
		pairs, err := b.compare(ctx, addrs)
		if err != nil {
			return err
		}
		r.pairs = append(r.pairs, pairs...)
	}
	return nil
}

// compare lets all scrape the same Sentinels in turns: what else the machine does costs all the
// same.
func (b *bench) compare(ctx context.Context, addrs []string) ([]pair, error) {
	exporters := make([]*exporter, 0, 3)
	defer func() {
		for _, e := range exporters {
			e.stop()
		}
	}()
	var names []string
	add := func(name string, e *exporter, err error) error {
		if err == nil {
			names, exporters = append(names, name), append(exporters, e)
		}
		return err
	}
	one, err := startExporter(ctx, b.binary, addrs)
	if err := add("", one, err); err != nil {
		return nil, err
	}
	if b.against != "" {
		other, err := startExporter(ctx, b.against, addrs)
		if err := add(b.against, other, err); err != nil {
			return nil, err
		}
	}
	if b.peer != "" && len(addrs) == 1 {
		other, err := startPeer(ctx, b.peer, addrs[0])
		if err := add("redis_exporter", other, err); err != nil {
			return nil, err
		}
	}
	measured, err := b.inTurns(ctx, exporters)
	if err != nil {
		return nil, err
	}
	var pairs []pair
	for i := range measured {
		measured[i].masters, measured[i].sentinels = b.masters, len(addrs)
		if i > 0 {
			pairs = append(pairs, pair{names[i], measured[0], measured[i]})
		}
	}
	return pairs, nil
}

// manyTurns is how many times more often a single master is scraped in turns than a thousand: a scrape of it takes less
// time than a garbage collection, which is there or not.
const manyTurns = 15

// inTurns measures scrapes of several exporters, one after the other in each round.
func (b *bench) inTurns(ctx context.Context, exporters []*exporter) ([]measurement, error) {
	out := make([]measurement, len(exporters))
	before := make([]usage, len(exporters))
	for i, e := range exporters {
		var err error
		if before[i], err = e.warmUp(ctx); err != nil {
			return nil, err
		}
	}
	walls := make([][]time.Duration, len(exporters))
	rounds := b.rounds * max(1, manyTurns/b.masters)
	for range rounds {
		for i, e := range exporters {
			began := time.Now()
			var err error
			if out[i].body, err = e.scrape(ctx, plain); err != nil {
				return nil, err
			}
			walls[i] = append(walls[i], time.Since(began))
		}
	}
	for i, e := range exporters {
		after, err := e.usage(ctx)
		if err != nil {
			return nil, err
		}
		out[i].count(before[i], after, rounds+1) // the last reading is a scrape too
		out[i].wall = median(walls[i])
		if out[i].rss, err = peakRSS(e.cmd.Process.Pid); err != nil {
			return nil, err
		}
	}
	return out, nil
}
