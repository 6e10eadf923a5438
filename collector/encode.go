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
// histograms. It costs several times what [Collector.WriteText] does, since it
// reads the text again: a second way from the tables would save that, for the few
// who ask for it.
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

// fromText reads the text of those families that are no more than that.
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
