package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/sentinel"
)

// roleMetrics are the metrics about the endpoints for load balancers.
type roleMetrics struct {
	unnamed   fleet.RoleJudge // nil if there is no deployment without a name
	fleet     *fleet.Fleet    // nil if there are no named ones
	checks    *prometheus.CounterVec
	uncertain *prometheus.Desc
}

func newRoleMetrics(unnamed fleet.RoleJudge, named *fleet.Fleet) *roleMetrics {
	return &roleMetrics{
		unnamed: unnamed, fleet: named,
		checks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: name, Name: "role_checks_total", Help: "Checks of load balancers, by the role that they ask for and the verdict.",
		}, []string{"role", "verdict"}),
		uncertain: prometheus.NewDesc(name+"_role_uncertain",
			"Whether nobody can tell which node is the master: load balancers get the last answer until the grace ends. "+
				"Of the deployment without a name the label deployment is empty.", []string{"deployment", "master_name"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *roleMetrics) Describe(descs chan<- *prometheus.Desc) {
	m.checks.Describe(descs)
	descs <- m.uncertain
}

// Collect implements prometheus.Collector.
func (m *roleMetrics) Collect(metrics chan<- prometheus.Metric) {
	m.checks.Collect(metrics)
	if m.unnamed != nil {
		m.collect(metrics, "", m.unnamed.Grace())
	}
	for deployment, masters := range m.fleet.Uncertain() {
		m.collect(metrics, deployment, masters)
	}
}

func (m *roleMetrics) collect(metrics chan<- prometheus.Metric, deployment string, masters map[string]bool) {
	for master, uncertain := range masters {
		value := 0.0
		if uncertain {
			value = 1
		}
		metrics <- prometheus.MustNewConstMetric(m.uncertain, prometheus.GaugeValue, value, deployment, sentinel.ValidUTF8(master))
	}
}
