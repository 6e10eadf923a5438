package collector

import (
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// A libraryTable is a table that is written by the libraries instead of a textWriter.
type libraryTable interface {
	// trees returns the table as families, whose metrics share the labels of their row.
	trees(in *input) []*dto.MetricFamily
	// describeTo and collectTo are a prometheus.Collector's.
	describeTo(descs chan<- *prometheus.Desc)
	collectTo(in *input, descs map[string]*prometheus.Desc, metrics chan<- prometheus.Metric)
}

func (t *compiledTable[R]) trees(in *input) []*dto.MetricFamily {
	rows := t.rows(in)
	slices.SortStableFunc(rows, func(a, b R) int {
		return slices.Compare(values(t.texts.labels, &a), values(t.texts.labels, &b))
	})
	shared := make([][]*dto.LabelPair, len(rows))
	for i := range rows {
		shared[i] = pairs(t.texts.labels, &rows[i])
	}
	var all []*dto.MetricFamily
	for i, m := range t.metrics {
		h, help := &t.headers[i], m.helpText()
		f := &dto.MetricFamily{Name: &h.name, Help: &help, Type: dtoType(m.kind)}
		for k := range rows {
			value, known := m.sample(&rows[k])
			if !known {
				continue
			}
			labels := shared[k]
			if m.info != nil {
				labels = pairs(h.texts.labels, &rows[k])
			}
			sample := &dto.Metric{Label: labels}
			if m.kind == counter {
				sample.Counter = &dto.Counter{Value: &value}
			} else {
				sample.Gauge = &dto.Gauge{Value: &value}
			}
			f.Metric = append(f.Metric, sample)
		}
		if f.Metric != nil {
			all = append(all, f)
		}
	}
	return all
}

func (t *compiledTable[R]) describeTo(descs chan<- *prometheus.Desc) {
	for i, m := range t.metrics {
		descs <- prometheus.NewDesc(t.headers[i].name, m.helpText(), labelNames(t.headers[i].texts.labels), nil)
	}
}

func (t *compiledTable[R]) collectTo(in *input, descs map[string]*prometheus.Desc, metrics chan<- prometheus.Metric) {
	rows := t.rows(in)
	for i, m := range t.metrics {
		h := &t.headers[i]
		kind := prometheus.GaugeValue
		if m.kind == counter {
			kind = prometheus.CounterValue
		}
		for k := range rows {
			if value, known := m.sample(&rows[k]); known {
				metrics <- prometheus.MustNewConstMetric(descs[h.name], kind, value, values(h.texts.labels, &rows[k])...)
			}
		}
	}
}

// sample is the value of a row in the first page that has it.
func (m *metric[R]) sample(row *R) (value float64, there bool) {
	value, there = m.value(row)
	return value, there && (!m.quiet.Present || m.loud(row))
}

func dtoType(k metricKind) *dto.MetricType {
	if k == counter {
		return dto.MetricType_COUNTER.Enum()
	}
	return dto.MetricType_GAUGE.Enum()
}

func labelNames[R any](labels []label[R]) []string {
	names := make([]string, len(labels))
	for i := range labels {
		names[i] = labels[i].name
	}
	return names
}

func values[R any](labels []label[R], row *R) []string {
	texts := make([]string, len(labels))
	for i := range labels {
		texts[i] = sentinel.ValidUTF8(labels[i].value(row))
	}
	return texts
}

func pairs[R any](labels []label[R], row *R) []*dto.LabelPair {
	list := make([]*dto.LabelPair, len(labels))
	for i, value := range values(labels, row) {
		list[i] = &dto.LabelPair{Name: &labels[i].name, Value: &value}
	}
	return list
}

// A registered is the tables of a Collector as a prometheus.Collector.
type registered struct {
	*Collector
	descs map[string]*prometheus.Desc
	input *input
}

func newRegistered(c *Collector) *registered {
	r := &registered{Collector: c, descs: make(map[string]*prometheus.Desc)}
	descs := make(chan *prometheus.Desc, 1000)
	r.Describe(descs)
	close(descs)
	names := descriptions(c.tables)
	for i := 0; len(descs) > 0; i++ {
		r.descs[names[i].name] = <-descs
	}
	return r
}

func (r *registered) Describe(descs chan<- *prometheus.Desc) {
	for _, g := range r.tables {
		g.(libraryTable).describeTo(descs)
	}
}

func (r *registered) Collect(metrics chan<- prometheus.Metric) {
	for _, g := range r.tables {
		g.(libraryTable).collectTo(r.input, r.descs, metrics)
	}
}

// An encoding writes one deployment's page.
type encoding struct {
	name  string
	write func(io.Writer, []*sentinel.Snapshot, *health.Report) error
}

// encodings are the Collector's own and those of the libraries, from the same rows.
func encodings(c *Collector) []encoding {
	collector := newRegistered(c)
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector)
	return []encoding{
		{"tables", func(out io.Writer, s []*sentinel.Snapshot, report *health.Report) error {
			return c.WriteText(out, Page{Snapshots: s, Report: report})
		}},
		{"expfmt", func(out io.Writer, s []*sentinel.Snapshot, report *health.Report) error {
			in := newInput(s, report)
			var all []*dto.MetricFamily
			for _, g := range c.tables {
				all = append(all, g.(libraryTable).trees(in)...)
			}
			slices.SortFunc(all, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
			return encode(out, all)
		}},
		{"registry", func(out io.Writer, s []*sentinel.Snapshot, report *health.Report) error {
			collector.input = newInput(s, report)
			all, err := registry.Gather()
			if err != nil {
				return err
			}
			return encode(out, all)
		}},
	}
}

func encode(out io.Writer, all []*dto.MetricFamily) error {
	encoder := expfmt.NewEncoder(out, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, f := range all {
		if err := encoder.Encode(f); err != nil {
			return err
		}
	}
	return nil
}

// TestEncodingsAgree: what BenchmarkEncodings compares is the same text, but for how
// numbers are written and the order of the samples of info metrics.
func TestEncodingsAgree(t *testing.T) {
	t.Parallel()
	snapshots := []*sentinel.Snapshot{leader(), follower(), named(`quo"te`, "b", "a", "\xff")}
	snapshots[2].Sentinel = "10.0.0.3:26379"
	report := health.Assess(snapshots, nil)
	var want []string
	for i, e := range encodings(New(Options{Replicas: true, Peers: true, InfoCache: true})) {
		var text strings.Builder
		if err := e.write(&text, snapshots, &report); err != nil {
			t.Fatal(e.name, err)
		}
		got := withNumbers(t, text.String())
		slices.Sort(got)
		if i == 0 {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-tables +%s):\n%s", e.name, e.name, diff)
		}
	}
}

// BenchmarkEncodings compares the text straight from the tables with what the
// libraries make of the same rows: one Sentinel with 1,000 masters of two replicas
// and two peers each.
func BenchmarkEncodings(b *testing.B) {
	snapshots := watching(1000)[:1]
	report := health.Assess(snapshots, nil)
	for _, e := range encodings(New(Options{Replicas: true, Peers: true})) {
		b.Run("by="+e.name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				if err := e.write(io.Discard, snapshots, &report); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime is the CPU time that this process has used, garbage collection included.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
