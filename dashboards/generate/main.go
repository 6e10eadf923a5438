// Command generate writes the Grafana dashboards of this project. It is a module
// of its own, so that the exporter does not depend on what describes panels.
//
// Each dashboard has a file with its panels; what they share is in the others.
// Queries use a short notation, see [expand].
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

//go:generate go run . ..

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate DIRECTORY")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// boards are the dashboards in the order in which an engineer goes through them.
func boards() []board {
	return []board{fleet(), overview(), oneMaster(), oneSentinel()}
}

// write writes each dashboard into a file of the directory.
func write(dir string) error {
	for _, b := range boards() {
		text, err := b.render()
		if err != nil {
			return fmt.Errorf("%s: %w", b.file, err)
		}
		if err := os.WriteFile(filepath.Join(dir, b.file), text, 0o644); err != nil { //nolint:gosec // it is there to be read
			return err
		}
	}
	return nil
}

// render returns a dashboard as Grafana reads it, with its keys in order, as
// Grafana itself writes them, and with < and > as they are in queries.
func (b board) render() ([]byte, error) {
	d, err := b.builder().Build()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	var tree any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(tree)
	return out.Bytes(), err
}

// builder puts a dashboard together.
//
//nolint:staticcheck // the schema of its successor needs Grafana 12
func (b board) builder() *dashboard.DashboardBuilder {
	builder := dashboard.NewDashboardBuilder("Redis Sentinel / "+b.title).
		Uid(b.uid).
		Description(b.description).
		Tags([]string{tag}).
		Readonly().
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Time("now-3h", "now").
		Refresh("30s").
		Timezone("browser").
		Variables(b.variables()).
		Annotations(annotations()).
		Links(links())
	for _, r := range b.placed() {
		if r.title != "" {
			builder.WithRow(r.header())
		}
		if r.closed {
			continue // its header has them
		}
		for _, p := range r.panels {
			builder.WithPanel(p)
		}
	}
	return builder
}
