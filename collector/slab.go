package collector

import (
	dto "github.com/prometheus/client_model/go"

	"redis_sentinel_exporter/sentinel"
)

// A slab holds the samples of one table, allocated at once: one by one they
// would be most of what a scrape allocates.
type slab struct {
	gauges   []gaugeSample
	counters []counterSample
	metrics  []*dto.Metric // of all samples added
	taken    int
}

type gaugeSample struct {
	metric dto.Metric
	gauge  dto.Gauge
	value  float64
}

type counterSample struct {
	metric  dto.Metric
	counter dto.Counter
	value   float64
}

// newSlab makes room for so many samples.
func newSlab(gauges, counters int) *slab {
	return &slab{
		gauges:   make([]gaugeSample, 0, gauges),
		counters: make([]counterSample, 0, counters),
		metrics:  make([]*dto.Metric, 0, gauges+counters),
	}
}

func (s *slab) add(k kind, value float64, labels []*dto.LabelPair) {
	if k == counter {
		s.addCounter(value, labels)
	} else {
		s.addGauge(value, labels)
	}
}

func (s *slab) addGauge(value float64, labels []*dto.LabelPair) {
	s.gauges = s.gauges[:len(s.gauges)+1]
	sample := &s.gauges[len(s.gauges)-1]
	sample.value = value
	sample.gauge.Value = &sample.value
	sample.metric.Label, sample.metric.Gauge = labels, &sample.gauge
	s.metrics = append(s.metrics, &sample.metric)
}

func (s *slab) addCounter(value float64, labels []*dto.LabelPair) {
	s.counters = s.counters[:len(s.counters)+1]
	sample := &s.counters[len(s.counters)-1]
	sample.value = value
	sample.counter.Value = &sample.value
	sample.metric.Label, sample.metric.Counter = labels, &sample.counter
	s.metrics = append(s.metrics, &sample.metric)
}

// take returns the samples added since the last call.
func (s *slab) take() []*dto.Metric {
	first, end := s.taken, len(s.metrics)
	s.taken = end
	return s.metrics[first:end:end]
}

// A labelSlab holds the labels of many rows, allocated at once.
type labelSlab struct {
	labels []labelPair
	pairs  []*dto.LabelPair
	taken  int
}

type labelPair struct {
	pair  dto.LabelPair
	value string
}

// newLabelSlab makes room for so many labels.
func newLabelSlab(labels int) *labelSlab {
	return &labelSlab{labels: make([]labelPair, 0, labels), pairs: make([]*dto.LabelPair, 0, labels)}
}

func (s *labelSlab) add(name *string, value string) {
	s.labels = s.labels[:len(s.labels)+1]
	l := &s.labels[len(s.labels)-1]
	l.value = sentinel.ValidUTF8(value)
	l.pair.Name, l.pair.Value = name, &l.value
	s.share(&l.pair)
}

// share adds a label that another row has made.
func (s *labelSlab) share(pair *dto.LabelPair) { s.pairs = append(s.pairs, pair) }

// take returns the labels added since the last call.
func (s *labelSlab) take() []*dto.LabelPair {
	first, end := s.taken, len(s.pairs)
	s.taken = end
	return s.pairs[first:end:end]
}
