package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/history"
)

// Limits of the command history.
const (
	maxHistoryBytes = 64 << 20         // of the answer of an exporter
	aroundAt        = 15 * time.Minute // of --at, on both sides
)

// historyCommand prints the failovers that an exporter has heard, or that log files hold.
type historyCommand struct {
	names    []string // a master, or files
	fromLogs bool
	at       string
	since    time.Duration
	output   string
	exporter *url.URL
}

func addHistory(app *kingpin.Application) *historyCommand {
	c := &historyCommand{}
	command := app.Command("history", "Print what happened in each failover, the newest last: as a running exporter has heard it, or from the Sentinels' own log files.")
	command.Arg("master", "Only the failovers of this master; with --from-logs the log files.").NoEnvar().StringsVar(&c.names)
	command.Flag("from-logs", "Read the Sentinels' log files instead of asking an exporter.").NoEnvar().BoolVar(&c.fromLogs)
	command.Flag("at", "Only those within 15 minutes of this time: 03:04, the last one that has been, with --from-logs the last one in them; or 2006-01-02 03:04.").
		NoEnvar().PlaceHolder("TIME").StringVar(&c.at)
	command.Flag("since", "Only those that began in this time; 0 is all.").
		NoEnvar().Default("0").DurationVar(&c.since)
	command.Flag("output", "Output format: text, or the JSON of /history.").
		NoEnvar().Default("text").EnumVar(&c.output, "text", "json")
	command.Flag("exporter.url", "The exporter to ask.").
		NoEnvar().Default("http://127.0.0.1:9355").URLVar(&c.exporter)
	return c
}

// historyList is the JSON of /history. Logs is only of log files.
type historyList struct {
	Failovers []history.Record `json:"failovers"`
	Logs      []history.Log    `json:"logs,omitempty"`
}

// Run prints the failovers.
func (c *historyCommand) Run(ctx context.Context, _ *deployment.Deployment, streams Streams) (int, error) {
	var list historyList
	var err error
	switch {
	case c.since < 0:
		return 0, fmt.Errorf("--since: %s is negative", c.since)
	case c.fromLogs && len(c.names) == 0:
		return 0, errors.New("--from-logs needs the names of log files")
	case c.fromLogs && streams.Deployment != nil:
		return 0, errors.New("--from-logs and --deployment are given: log files name no deployment")
	case c.fromLogs:
		list.Failovers, list.Logs, err = readLogFiles(c.names)
	case len(c.names) > 1:
		return 0, fmt.Errorf("one master at a time, not %d", len(c.names))
	default:
		list, err = c.ask(ctx, streams)
	}
	if err != nil {
		return 0, err
	}
	shown, err := c.selected(&list, time.Now())
	if err != nil {
		return 0, err
	}
	if list.Failovers == nil {
		list.Failovers = []history.Record{}
	}
	return 0, printAs(c.output, streams.Out, list, func(w io.Writer) { printHistory(w, &list, shown) })
}

// AsksNoSentinel says that the command needs no deployment.
func (*historyCommand) AsksNoSentinel() {}

// Failed is the exit code after an error.
func (*historyCommand) Failed() int { return 1 }

// ask asks the exporter.
func (c *historyCommand) ask(ctx context.Context, streams Streams) (list historyList, err error) {
	ctx, cancel := context.WithTimeout(ctx, streams.Timeout)
	defer cancel()
	u := c.exporter.JoinPath("history")
	query := u.Query()
	query.Set("format", "json")
	if len(c.names) == 1 {
		query.Set("master", c.names[0])
	}
	if streams.Deployment != nil {
		query.Set("deployment", *streams.Deployment)
	}
	u.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return list, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return list, fmt.Errorf("asking the exporter (--exporter.url): %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body := io.LimitReader(response.Body, maxHistoryBytes)
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(body, 1000))
		return list, fmt.Errorf("the exporter answers %s: %s", response.Status, strings.TrimSpace(string(text)))
	}
	if err := json.NewDecoder(body).Decode(&list); err != nil {
		return list, fmt.Errorf("the exporter's answer: %w", err)
	}
	return list, nil
}

func readLogFiles(names []string) ([]history.Record, []history.Log, error) {
	var files []history.LogFile
	for _, name := range names {
		f, err := os.Open(name) //nolint:gosec // the caller names the files
		if err != nil {
			return nil, nil, err
		}
		defer func() { _ = f.Close() }()
		files = append(files, history.LogFile{Name: name, Reader: f})
	}
	return history.ReadLogs(files, time.Local)
}

// A selection says which failovers of a list are shown.
type selection struct {
	at     []time.Time // around which: two if the clocks have gone back there; none for all
	hidden int         // how many are left out
	last   time.Time   // when the newest of these began
}

// selected leaves only the failovers in a list that --since and --at select.
func (c *historyCommand) selected(list *historyList, now time.Time) (s selection, err error) {
	if c.at != "" {
		last := now // of the days of --at
		for i, l := range list.Logs {
			if end := l.To.Add(aroundAt).In(now.Location()); i == 0 || end.After(last) {
				last = end
			}
		}
		at, err := parseAt(c.at, last)
		if err != nil {
			return s, err
		}
		s.at = []time.Time{at}
		if first, second := history.Twice(at); !c.zoned() && first != second {
			s.at = []time.Time{first, second}
		}
	}
	list.Failovers = slices.DeleteFunc(list.Failovers, func(r history.Record) bool {
		around := func(at time.Time) bool { return r.Started.Sub(at).Abs() <= aroundAt }
		early := c.since > 0 && r.Started.Before(now.Add(-c.since))
		if !early && (len(s.at) == 0 || slices.ContainsFunc(s.at, around)) {
			return false
		}
		s.hidden++
		if r.Started.After(s.last) {
			s.last = r.Started
		}
		return true
	})
	return s, nil
}

// zoned reports whether --at has a zone.
func (c *historyCommand) zoned() bool {
	_, err := time.Parse(time.RFC3339, c.at)
	return err == nil
}

// parseAt reads a time: of a day the last one that has been, local where it has no zone.
func parseAt(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{"15:04", "15:04:05"} {
		at, err := time.ParseInLocation(layout, text, now.Location())
		if err != nil {
			continue
		}
		today := time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), at.Second(), 0, now.Location())
		if today.After(now) {
			today = today.AddDate(0, 0, -1)
		}
		return today, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if at, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--at can only be a time such as 03:04 or 2006-01-02 03:04, not %q", text)
}

// inWords is how a time is printed that can be of another day.
const inWords = "2006-01-02 15:04:05 MST"

// printHistory prints the failovers, the newest last, where the eye is.
func printHistory(w io.Writer, list *historyList, s selection) {
	printLogs(w, list.Logs)
	switch len(s.at) {
	case 1:
		fmt.Fprintf(w, "around %s (--at):\n", s.at[0].Local().Format(inWords))
	case 2:
		fmt.Fprintf(w, "around %s, and as the clocks went back around %s (--at):\n", s.at[0].Local().Format(inWords), s.at[1].Local().Format(inWords))
	}
	if len(list.Failovers) == 0 {
		fmt.Fprintln(w, "no failover")
	}
	for _, r := range slices.Backward(list.Failovers) {
		fmt.Fprintln(w)
		printRecord(w, &r)
	}
	if s.hidden > 0 {
		fmt.Fprintf(w, "\nnot shown because of --at or --since: failovers at other times, %d, the last one at %s\n", s.hidden, s.last.Local().Format(inWords))
	}
}

func printLogs(w io.Writer, logs []history.Log) {
	local := false
	for _, l := range logs {
		clock := "clock not compared: it has no event in common with the first one"
		if l.OffsetSeconds != nil {
			clock = fmt.Sprintf("clock %+.3f s ± %.3f s", *l.OffsetSeconds, l.ErrorSeconds)
		}
		whose := ""
		if l.Source != "" {
			whose = ", the lines of " + l.Source
		}
		taken := ""
		if l.LocalTimes {
			taken = ", times without a zone taken for " + zonesOf(&l, time.Local)
		}
		fmt.Fprintf(w, "log of %s: %s%s%s, %s\n", l.Sentinel, strings.Join(l.Files, " "), whose, taken, clock)
		local = local || l.LocalTimes
	}
	if local {
		fmt.Fprintln(w, "For another zone run this with the variable TZ, as TZ=UTC.")
	}
}

// zonesOf names the zone of a place in the time of a log: two if its clocks have been changed meanwhile.
func zonesOf(l *history.Log, place *time.Location) string {
	from, to := l.From.In(place).Format("MST"), l.To.In(place).Format("MST")
	if from != to {
		return from + " and " + to
	}
	return from
}

func printRecord(w io.Writer, r *history.Record) {
	fmt.Fprintf(w, "%s  %s  %s\n", r.Started.Local().Format(inWords), r.Master, r.Headline())
	for _, line := range r.Timeline() {
		took := ""
		if line.Seconds != nil {
			took = fmt.Sprintf("%.2f s", *line.Seconds)
		}
		inferred := ""
		if line.Inferred {
			inferred = " (inferred)"
		}
		fmt.Fprintf(w, "  %s  %-15s %9s  %s%s\n", line.At.Local().Format("15:04:05.000"), line.Phase, took, line.Text, inferred)
	}
	for _, c := range r.Candidates {
		if !c.Chosen && c.Reason != "" {
			fmt.Fprintf(w, "  not chosen: %s: %s (inferred)\n", c.Replica, c.Reason)
		}
	}
	for _, missing := range r.Missing() {
		fmt.Fprintf(w, "  not heard: %s\n", missing)
	}
}
