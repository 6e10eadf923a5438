package collector

import (
	"bytes"
	"fmt"
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Encode writes a page in any format of Prometheus. Only protobuf has native
// histograms. It costs several times as much as [Collector.WriteText], since it parses the
// text again. Few clients ask for it, so a second encoder for the tables is not worth it.
func (c *Collector) Encode(out io.Writer, p Page, format expfmt.Format) error {
	page := c.page(p)
	read, err := fromText(page)
	if err != nil {
		return err
	}
	encoder := expfmt.NewEncoder(out, format)
	for _, f := range page {
		tree := read[f.name]
		if f.tree != nil {
			tree = f.tree()
		}
		if tree == nil { // it has no samples
			continue
		}
		if err := encoder.Encode(tree); err != nil {
			return err
		}
	}
	return nil
}

// fromText parses the text of the families that have no tree.
func fromText(page []family) (map[string]*dto.MetricFamily, error) {
	var text bytes.Buffer
	w := newTextWriter(&text)
	for _, f := range page {
		if f.tree == nil {
			f.write(w)
		}
	}
	w.flush()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	read, err := parser.TextToMetricFamilies(&text)
	if err != nil {
		return nil, fmt.Errorf("reading the text again: %w", err)
	}
	return read, nil
}
