package collector

import (
	"io"
	"math"
	"strconv"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"redis_sentinel_exporter/sentinel"
)

// ContentType is that of what [Collector.WriteText] writes.
const ContentType = string(expfmt.FmtText)

// A family is the samples of one metric, ready to be written.
type family struct {
	name  string
	write func(*textWriter)
	// tree is the family as others encode it, where the text does not have all of
	// it; nil where it has.
	tree func() *dto.MetricFamily
}

// flushAt is how many bytes are gathered before they are passed on.
const flushAt = 32 << 10

// A textWriter writes Prometheus' text format, version 0.0.4. It is here since
// the way through a tree of labels and samples costs several times as much, and
// most of a scrape of many masters would be spent on it.
type textWriter struct {
	out io.Writer
	buf []byte
	err error // the first of out; nothing is written after it
}

func newTextWriter(out io.Writer) *textWriter {
	return &textWriter{out: out, buf: make([]byte, 0, flushAt+4096)}
}

// Write makes it an io.Writer for those who encode a family otherwise.
func (w *textWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	w.flushIfFull()
	return len(p), w.err
}

// text begins a line.
func (w *textWriter) text(name string, labels []byte, more string) {
	w.buf = append(append(append(w.buf, name...), labels...), more...)
}

// sample ends a line whose beginning is in the buffer.
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

// encoded is a family that is not made of a table.
func encoded(f *dto.MetricFamily) family {
	write := func(w *textWriter) {
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil && w.err == nil {
			w.err = err
		}
	}
	return family{f.GetName(), write, func() *dto.MetricFamily { return f }}
}

// intro is what stands before the samples of a metric. Help must be of one line
// without backslashes, as a test of the tables has it.
func intro(name, help, kind string) string {
	return "# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n"
}

// appendLabels appends a row's labels and what parts them from the value.
func appendLabels[R any](buf []byte, labels []label[R], row *R) []byte {
	between := byte('{')
	for i := range labels {
		buf = append(buf, between)
		buf = append(buf, labels[i].name...)
		buf = append(buf, '=', '"')
		buf = appendEscaped(buf, sentinel.ValidUTF8(labels[i].value(row)))
		buf = append(buf, '"')
		between = ','
	}
	if len(labels) > 0 {
		buf = append(buf, '}')
	}
	return append(buf, ' ')
}

func appendEscaped(buf []byte, text string) []byte {
	for i := range len(text) {
		switch c := text[i]; c {
		case '\\', '"':
			buf = append(buf, '\\', c)
		case '\n':
			buf = append(buf, '\\', 'n')
		default:
			buf = append(buf, c)
		}
	}
	return buf
}

// large is where people write numbers with an exponent; below it whole numbers
// are exact in a float64.
const large = 1e15

// appendValue writes numbers as people do: an offset of 123456789, not of
// 1.23456789e+08.
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
