package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"redis_sentinel_exporter/sentinel"
)

// roleMetrics are the metrics about the endpoints for load balancers.
type roleMetrics struct {
	judge  roleJudge
	checks *prometheus.CounterVec
	grace  *prometheus.Desc
}

func newRoleMetrics(judge roleJudge) *roleMetrics {
	return &roleMetrics{
		judge: judge,
		checks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: name, Name: "role_checks_total", Help: "Checks of load balancers, by the role that they ask for and the verdict.",
		}, []string{"role", "verdict"}),
		grace: prometheus.NewDesc(name+"_role_uncertain",
			"Whether nobody can tell which node is the master: load balancers get the last answer until the grace ends.", []string{"master_name"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *roleMetrics) Describe(descs chan<- *prometheus.Desc) {
	m.checks.Describe(descs)
	descs <- m.grace
}

// Collect implements prometheus.Collector.
func (m *roleMetrics) Collect(metrics chan<- prometheus.Metric) {
	m.checks.Collect(metrics)
	for master, uncertain := range m.judge.Grace() {
		value := 0.0
		if uncertain {
			value = 1
		}
		metrics <- prometheus.MustNewConstMetric(m.grace, prometheus.GaugeValue, value, sentinel.ValidUTF8(master))
	}
}
