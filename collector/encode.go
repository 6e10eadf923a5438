package collector

import (
	"bytes"
	"fmt"
	"io"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Encode writes a page in any format of Prometheus. Only protobuf has the times at which
// counters began. It costs several times as much as [Collector.WriteText], since it parses the
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
		if f.began != nil {
			setBeginnings(tree, f.began())
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
	w := newTextWriter()
	w.out = &text
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

// setBeginnings sets the start timestamps of counts. With them a Prometheus that takes them
// (--enable-feature=created-timestamp-zero-ingestion) knows that a series began with 0, and
// increase() sees what was counted before the first scrape of it.
func setBeginnings(f *dto.MetricFamily, began []time.Time) {
	for i, m := range f.Metric {
		m.Counter.CreatedTimestamp = timestamppb.New(began[i])
	}
}
