package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// A measurement is what a scrape of one size, distance and number of Sentinels costs.
type measurement struct {
	masters, sentinels int
	delay              time.Duration // each way, or direct
	bound, wall, cpu   time.Duration
	single             time.Duration // wall of one Sentinel, beside that of several
	sentinelCPU        time.Duration // of the first Sentinel
	mallocs            float64
	samples            int
	rss, body          int64
	packedCPU          time.Duration // with compression
	packed             int64         // bytes on the wire, with compression
}

// A crowd is what ten scrapes at once cost, and what another client notices.
type crowd struct {
	masters                      int
	commandsOfOne, commandsOfTen int64
	wall, pingP90                time.Duration
}

// results is the result of a run.
type results struct {
	rows   []measurement
	crowds []crowd
	pairs  []pair
}

// write prints the report as two tables in Markdown.
func (r *results) write(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	if len(r.pairs) > 0 {
		line("| masters\t| Sentinels\t| against\t| CPU ms\t| wall ms\t| body KiB\t| samples\t| allocations\t| peak RSS MiB\t|")
		line("|---:\t|---:\t|---\t" + strings.Repeat("|---:\t", 6) + "|")
		for _, p := range r.pairs {
			line("| %d\t| %d\t| %s\t| %s\t| %s\t| %s\t| %s\t| %s\t| %s\t|", p.one.masters, p.one.sentinels, p.against,
				ratio(ms(p.one.cpu), ms(p.other.cpu), float64(p.one.cpu)/float64(p.other.cpu)),
				ratio(ms(p.one.wall), ms(p.other.wall), float64(p.one.wall)/float64(p.other.wall)),
				ratio(p.one.body>>10, p.other.body>>10, float64(p.one.body)/float64(p.other.body)),
				ratio(p.one.samples, p.other.samples, float64(p.one.samples)/float64(p.other.samples)),
				ratio(int(p.one.mallocs), int(p.other.mallocs), p.one.mallocs/p.other.mallocs),
				ratio(p.one.rss>>20, p.other.rss>>20, float64(p.one.rss)/float64(p.other.rss)))
		}
		return out.Flush()
	}
	line("| masters\t| Sentinels\t| each way\t| bound ms\t| wall ms\t| wall / bound\t| / of one Sentinel\t| CPU ms\t| Sentinel's CPU ms\t| samples\t| allocations a sample\t| peak RSS MiB\t| body KiB\t| CPU ms with gzip\t| gzip KiB\t|")
	line(strings.Repeat("|---:\t", 15) + "|")
	for _, row := range r.rows {
		bound, ratio := "", ""
		if row.bound > 0 {
			bound, ratio = ms(row.bound), fmt.Sprintf("%.1f", float64(row.wall)/float64(row.bound))
		}
		single := ""
		if row.single > 0 {
			single = fmt.Sprintf("%.2f", float64(row.wall)/float64(row.single))
		}
		away := row.delay.String()
		if row.delay == direct {
			away = "no proxy"
		}
		line("| %d\t| %d\t| %s\t| %s\t| %s\t| %s\t| %s\t| %s\t| %s\t| %d\t| %.2f\t| %d\t| %d\t| %s\t| %d\t|", row.masters, row.sentinels, away, bound,
			ms(row.wall), ratio, single, ms(row.cpu), ms(row.sentinelCPU), row.samples, row.mallocs/float64(row.samples), row.rss>>20, row.body>>10, ms(row.packedCPU), row.packed>>10)
	}
	line("")
	line("| masters\t| commands of 1 scrape\t| of 10 at once\t| scrape ms with another client\t| its PING, p90 ms\t|")
	line("|---:\t|---:\t|---:\t|---:\t|---:\t|")
	for _, c := range r.crowds {
		line("| %d\t| %d\t| %d\t| %s\t| %s\t|", c.masters, c.commandsOfOne, c.commandsOfTen, ms(c.wall), ms(c.pingP90))
	}
	return out.Flush()
}

// ratio is what one binary costs, what the other does, and the one in terms of the other.
func ratio(one, other any, r float64) string { return fmt.Sprintf("%v / %v = %.2f", one, other, r) }

func ms(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond)) }
