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

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// watchCommand prints the events of the Sentinels, and the gaps in their streams, until it is
// stopped.
type watchCommand struct {
	output string
	master string // print only events about this master; empty for all
}

func addWatch(app *kingpin.Application) *watchCommand {
	w := &watchCommand{}
	command := app.Command("watch", "Print the events that the Sentinels publish as they come, until interrupted.")
	command.Flag("output", "Output format: text, or json for one object per line.").
		Default("text").EnumVar(&w.output, "text", "json")
	command.Arg("master", "Print only the events about this master.").StringVar(&w.master)
	return w
}

// Run prints until ctx ends or the output is closed.
func (w *watchCommand) Run(ctx context.Context, deployment *deployment.Deployment, streams Streams) (status int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	format := textLine
	if w.output == "json" {
		format = jsonLine
	}
	deployment.Events(ctx, func(n *sentinel.StreamUpdate) {
		if err != nil || !w.wants(n) {
			return
		}
		if _, err = io.WriteString(streams.Out, format(n)); err != nil {
			cancel()
		}
	})
	if err != nil {
		return 0, fmt.Errorf("printing: %w", err)
	}
	return 0, nil
}

// wants reports whether to print an update. Gaps in the streams are always printed: the
// events that are missing may be about any master.
func (w *watchCommand) wants(n *sentinel.StreamUpdate) bool {
	return w.master == "" || n.Kind != sentinel.StreamEvent || n.Event.Master == w.master
}

// textLine returns time, Sentinel, event, master and details.
func textLine(n *sentinel.StreamUpdate) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-21s  ", n.Time.Format("2006-01-02 15:04:05.000"), n.Sentinel)
	if n.Kind != sentinel.StreamEvent {
		b.WriteString("# " + shown(n.Text()) + "\n")
		return b.String()
	}
	fmt.Fprintf(&b, "%-34s", shown(n.Event.Name))
	if n.Event.Master != "" {
		b.WriteString("  " + quoted(n.Event.Master))
	}
	for _, phrase := range n.Event.About() {
		b.WriteString("  " + shown(phrase))
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// shown quotes text that could control a terminal.
func shown(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.Quote(text)
	}
	return text
}

// quoted returns a name that is shown and can be read as one word.
func quoted(name string) string {
	if strings.ContainsAny(name, ` "`) {
		return strconv.Quote(name)
	}
	return shown(name)
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
	Stream        string `json:"stream,omitempty"` // up, lost, failed, dropped or ended; empty for an event
	Reason        string `json:"reason,omitempty"`
	Error         string `json:"error,omitempty"`
	Dropped       int    `json:"dropped,omitempty"`
}

func jsonLine(n *sentinel.StreamUpdate) string {
	e, valid := &n.Event, sentinel.ValidUTF8
	line := watchLine{
		Time: n.Time.Format(time.RFC3339Nano), Sentinel: n.Sentinel,
		Event: valid(e.Name), Master: valid(e.Master), Kind: e.Kind, Node: valid(e.Node), Address: valid(e.Address),
		MasterAddress: valid(e.MasterAddress), NewAddress: valid(e.NewAddress), Details: valid(e.Details), Raw: valid(e.Raw),
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
		return "" // cannot happen: there are only strings and numbers
	}
	return string(text) + "\n"
}

func streamWord(kind sentinel.StreamUpdateKind) string {
	switch kind {
	case sentinel.StreamUp:
		return "up"
	case sentinel.StreamLost:
		return "lost"
	case sentinel.StreamFailed:
		return "failed"
	case sentinel.StreamDropped:
		return "dropped"
	case sentinel.StreamEnded:
		return "ended"
	default:
		return ""
	}
}

// Failed returns the exit code of an error.
func (*watchCommand) Failed() int { return 1 }
