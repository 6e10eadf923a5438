package collector

import (
	"io"
	"math"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// ContentType is the content type of what [Collector.WriteText] writes.
const ContentType = string(expfmt.FmtText)

// A family has the samples of one metric, ready to be written.
type family struct {
	name  string
	write func(*textWriter)
	// tree returns the family for other encoders; nil if the text has all of it.
	tree func() *dto.MetricFamily
	// began says of each sample, in their order, when its count began; nil unless that
	// is ours.
	began func() []time.Time
}

// flushAt is how many bytes are buffered before they are written. Each write is two system calls of net/http's,
// which are a tenth of a scrape of many masters with half of it; more than this saves nothing.
const flushAt = 64 << 10

// A textWriter writes Prometheus' text format, version 0.0.4. The usual encoder needs a
// tree of labels and samples, which costs several times as much: with many masters that
// would be most of the cost of a scrape.
type textWriter struct {
	out io.Writer
	buf []byte
	err error // the first error of out; nothing is written after it
}

func newTextWriter() *textWriter {
	return &textWriter{buf: make([]byte, 0, flushAt+4096)}
}

// Write makes a textWriter an io.Writer, for expfmt.
func (w *textWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	w.flushIfFull()
	return len(p), w.err
}

// text begins a line.
func (w *textWriter) text(name, labels, more string) {
	w.buf = append(append(append(w.buf, name...), labels...), more...)
}

// sample writes the value and the end of the line.
func (w *textWriter) sample(value float64) {
	w.buf = append(appendValue(w.buf, value), '\n')
	w.flushIfFull()
}

func (w *textWriter) flushIfFull() {
	if len(w.buf) >= flushAt {
		w.flush()
	}
}

func (w *textWriter) flush() {
	if w.err == nil {
		_, w.err = w.out.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// encoded returns a family that does not come from a table.
func encoded(f *dto.MetricFamily) family {
	write := func(w *textWriter) {
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil && w.err == nil {
			w.err = err
		}
	}
	return family{name: f.GetName(), write: write, tree: func() *dto.MetricFamily { return f }}
}

// intro returns the lines before the samples of a metric. help must be one line without
// backslashes, which a test of the tables checks.
func intro(name, help, kind string) string {
	return "# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n"
}

// large is where people write numbers with an exponent; below it whole numbers
// are exact in a float64.
const large = 1e15

// appendValue writes an offset as 123456789 rather than 1.23456789e+08, so that people can
// read it.
func appendValue(buf []byte, value float64) []byte {
	switch {
	case math.Abs(value) >= large:
		if math.IsInf(value, 1) {
			return append(buf, "+Inf"...)
		}
		return strconv.AppendFloat(buf, value, 'g', -1, 64)
	case value == math.Trunc(value):
		return strconv.AppendInt(buf, int64(value), 10)
	}
	return strconv.AppendFloat(buf, value, 'f', -1, 64) // NaN, too
}
