package main

import "context"

// A pair is what scrapes of two binaries cost that took turns. The bound of each is the wall
// of the other.
type pair struct{ one, other measurement }

// compareAll measures both binaries for one Sentinel and for all.
func (b *bench) compareAll(ctx context.Context, r *results) error {
	for _, sentinels := range [][]*sentinelServer{b.sentinels[:1], b.sentinels} {
		addrs := make([]string, len(sentinels))
		for i, s := range sentinels {
			addrs[i] = s.addr
		}
		p, err := b.compare(ctx, addrs)
		if err != nil {
			return err
		}
		r.pairs = append(r.pairs, p)
	}
	return nil
}

// compare lets both scrape the same Sentinels in turns: what else the machine does costs both
// the same.
func (b *bench) compare(ctx context.Context, addrs []string) (p pair, err error) {
	one, err := startExporter(ctx, b.binary, addrs)
	if err != nil {
		return p, err
	}
	defer one.stop()
	other, err := startExporter(ctx, b.against, addrs)
	if err != nil {
		return p, err
	}
	defer other.stop()
	scrape := func(e *exporter) func() error {
		return func() error {
			_, err := e.scrape(ctx, plain)
			return err
		}
	}
	if p.one, err = b.scrapes(ctx, one, scrape(other)); err != nil {
		return p, err
	}
	if p.other, err = b.scrapes(ctx, other, scrape(one)); err != nil {
		return p, err
	}
	p.one.sentinels, p.other.sentinels = len(addrs), len(addrs)
	return p, nil
}
