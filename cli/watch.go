package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"redis_sentinel_exporter/sentinel"
)

// Watch prints what the Sentinels publish as it comes, and where the streams
// broke, until it is stopped.
type Watch struct {
	Output string // "text" or "json"
	Master string // print only what is about it; empty for all
}

// Run prints until ctx ends, or until nobody reads any more.
func (w *Watch) Run(ctx context.Context, deployment *sentinel.Deployment, stdout io.Writer) (status int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	format := textLine
	if w.Output == "json" {
		format = jsonLine
	}
	deployment.Events(ctx, func(n *sentinel.Notice) {
		if err != nil || !w.wants(n) {
			return
		}
		if _, err = io.WriteString(stdout, format(n)); err != nil {
			cancel()
		}
	})
	if err != nil {
		return 0, fmt.Errorf("printing: %w", err)
	}
	return 0, nil
}

// wants tells whether a notice is to be printed. Changes of the streams always
// are: what is not seen of them may be about any master.
func (w *Watch) wants(n *sentinel.Notice) bool {
	return w.Master == "" || n.Kind != sentinel.NoticeEvent || n.Event.Master == w.Master
}

// textLine prints time, Sentinel, event, master and details.
func textLine(n *sentinel.Notice) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-21s  ", n.Time.Format("2006-01-02 15:04:05.000"), n.Sentinel)
	if n.Kind != sentinel.NoticeEvent {
		b.WriteString("# " + printable(streamText(n)) + "\n")
		return b.String()
	}
	fmt.Fprintf(&b, "%-34s", printable(n.Event.Name))
	for _, word := range eventWords(&n.Event) {
		b.WriteString("  " + word)
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// eventWords are what is worth saying of an event beside its name.
func eventWords(e *sentinel.Event) []string {
	var words []string
	if e.Master != "" {
		words = append(words, quoted(e.Master))
	}
	switch {
	case e.NewAddress != "":
		words = append(words, printable(e.MasterAddress+" -> "+e.NewAddress))
	case e.Kind == "master":
		words = append(words, printable(e.Address))
	case e.Kind != "" && e.Node == e.Address:
		words = append(words, printable(e.Kind+" "+e.Address))
	case e.Kind != "":
		words = append(words, printable(e.Kind+" "+e.Address+" "+e.Node))
	}
	if e.Details != "" {
		words = append(words, printable(e.Details))
	}
	return words
}

func streamText(n *sentinel.Notice) string {
	switch n.Kind {
	case sentinel.NoticeUp:
		return "subscribed"
	case sentinel.NoticeLost:
		return fmt.Sprintf("stream lost, events may be missing until it is subscribed again: %s: %v", n.Err.Reason, n.Err.Err)
	case sentinel.NoticeFailed:
		return fmt.Sprintf("cannot subscribe, will try again: %s: %v", n.Err.Reason, n.Err.Err)
	case sentinel.NoticeEnded:
		return "asked no longer: the other Sentinels have forgotten it"
	default:
		return fmt.Sprintf("%d events dropped: they came faster than they were printed", n.Dropped)
	}
}

// printable keeps what a Sentinel sends from commanding a terminal.
func printable(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.Quote(text)
	}
	return text
}

// quoted is printable, and one word to the eye.
func quoted(name string) string {
	if strings.ContainsAny(name, ` "`) {
		return strconv.Quote(name)
	}
	return printable(name)
}

// A watchLine is one line of JSON.
type watchLine struct {
	Time          string `json:"time"`
	Sentinel      string `json:"sentinel"`
	Event         string `json:"event,omitempty"`
	Master        string `json:"master,omitempty"`
	Kind          string `json:"kind,omitempty"`
	Node          string `json:"node,omitempty"`
	Address       string `json:"address,omitempty"`
	MasterAddress string `json:"master_address,omitempty"`
	NewAddress    string `json:"new_address,omitempty"`
	Epoch         *int64 `json:"epoch,omitempty"`
	Details       string `json:"details,omitempty"`
	Raw           string `json:"raw,omitempty"`
	Stream        string `json:"stream,omitempty"` // up, lost, failed or dropped; then it is no event
	Reason        string `json:"reason,omitempty"`
	Error         string `json:"error,omitempty"`
	Dropped       int    `json:"dropped,omitempty"`
}

func jsonLine(n *sentinel.Notice) string {
	e := &n.Event
	line := watchLine{
		Time: n.Time.Format(time.RFC3339Nano), Sentinel: n.Sentinel,
		Event: e.Name, Master: e.Master, Kind: e.Kind, Node: e.Node, Address: e.Address,
		MasterAddress: e.MasterAddress, NewAddress: e.NewAddress, Details: e.Details, Raw: e.Raw,
		Stream: streamWord(n.Kind), Dropped: n.Dropped,
	}
	if e.Epoch.Present {
		line.Epoch = &e.Epoch.Value
	}
	if n.Err != nil {
		line.Reason, line.Error = n.Err.Reason.String(), n.Err.Err.Error()
	}
	text, err := json.Marshal(line)
	if err != nil {
		return "" // strings and numbers alone cannot fail
	}
	return string(text) + "\n"
}

func streamWord(kind sentinel.NoticeKind) string {
	switch kind {
	case sentinel.NoticeUp:
		return "up"
	case sentinel.NoticeLost:
		return "lost"
	case sentinel.NoticeFailed:
		return "failed"
	case sentinel.NoticeDropped:
		return "dropped"
	case sentinel.NoticeEnded:
		return "ended"
	default:
		return ""
	}
}

// Failed returns the exit code of an error.
func (*Watch) Failed() int { return 1 }
