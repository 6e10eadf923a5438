package web

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
)

// TestProcessMetricsAreTheLibrarys: all but those of the network, with the same texts, types and values.
func TestProcessMetricsAreTheLibrarys(t *testing.T) {
	gather := func(c prometheus.Collector) (families []*dto.MetricFamily, values map[string]float64) {
		r := prometheus.NewPedanticRegistry()
		r.MustRegister(c)
		all, err := r.Gather()
		if err != nil {
			t.Fatal(err)
		}
		values = make(map[string]float64)
		for _, f := range all {
			if strings.HasPrefix(f.GetName(), "process_network_") {
				continue
			}
			values[f.GetName()] = f.Metric[0].GetGauge().GetValue() + f.Metric[0].GetCounter().GetValue()
			families = append(families, &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type})
		}
		return families, values
	}
	ours, got := gather(newProcessCollector())
	theirs, want := gather(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if d := cmp.Diff(theirs, ours, cmpopts.IgnoreUnexported(dto.MetricFamily{})); d != "" || len(ours) != 7 {
		t.Errorf("%d families (-theirs +ours):\n%s", len(ours), d)
	}
	// Between the two some memory and CPU time is used, and other tests open files.
	if d := cmp.Diff(want, got, cmpopts.EquateApprox(0.2, 1)); d != "" {
		t.Errorf("values (-theirs +ours):\n%s", d)
	}
}
