package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"redis_sentinel_exporter/fleet"
)

// metrics returns the metrics about the Prober itself.
func (p *Prober) metrics(f *fleet.Fleet) []prometheus.Collector {
	gauge := func(metric, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: name, Name: metric, Help: help}, value)
	}
	if !p.file.Exists() {
		return nil // without it there are no probes
	}
	metrics := []prometheus.Collector{
		gauge("probed_sentinels", "Sentinels to which connections are kept between probes.", func() float64 { return float64(p.Sentinels()) }),
	}
	if f != nil {
		metrics = append(metrics, gauge("named_deployments", "Deployments of the configuration that this exporter asks.", func() float64 {
			return float64(f.Size())
		}))
	}
	return append(metrics,
		gauge("config_last_reload_successful", "Whether the last try to read the configuration file succeeded.", func() float64 {
			if _, last := p.file.Loaded(); last && !f.Refuses() {
				return 1
			}
			return 0
		}),
		gauge("config_last_reload_success_timestamp_seconds", "When the configuration in use was read, in Unix time.", func() float64 {
			at, _ := p.file.Loaded()
			return float64(at.UnixMilli()) / 1000
		}),
	)
}
