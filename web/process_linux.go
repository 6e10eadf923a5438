package web

import (
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/procfs"
)

// A processCollector has the metrics of client_golang's process collector without process_network_*,
// which are of all processes in the network namespace. That one reads five files for a scrape, this one two.
type processCollector struct {
	self                                                procfs.Proc
	cpu, openFDs, maxFDs, virtual, maxVirtual, resident *prometheus.Desc
	started                                             prometheus.Metric // never another; nil if it is not known
}

func newProcessCollector() prometheus.Collector {
	self, err := procfs.Self()
	if err != nil { // there is no /proc, and nothing to say
		return collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})
	}
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc("process_"+name, help, nil, nil) }
	c := &processCollector{
		self:       self,
		cpu:        desc("cpu_seconds_total", "Total user and system CPU time spent in seconds."),
		openFDs:    desc("open_fds", "Number of open file descriptors."),
		maxFDs:     desc("max_fds", "Maximum number of open file descriptors."),
		virtual:    desc("virtual_memory_bytes", "Virtual memory size in bytes."),
		maxVirtual: desc("virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes."),
		resident:   desc("resident_memory_bytes", "Resident memory size in bytes."),
	}
	if stat, err := self.Stat(); err == nil {
		if at, err := stat.StartTime(); err == nil {
			c.started = prometheus.MustNewConstMetric(desc("start_time_seconds", "Start time of the process since unix epoch in seconds."), prometheus.GaugeValue, at)
		}
	}
	return c
}

// Describe is of all metrics that there may be.
func (c *processCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.cpu, c.openFDs, c.maxFDs, c.virtual, c.maxVirtual, c.resident} {
		descs <- d
	}
	if c.started != nil {
		descs <- c.started.Desc()
	}
}

// Collect leaves out what cannot be read.
func (c *processCollector) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	if stat, err := c.self.Stat(); err == nil {
		metrics <- prometheus.MustNewConstMetric(c.cpu, prometheus.CounterValue, stat.CPUTime())
		gauge(c.virtual, float64(stat.VirtualMemory()))
		gauge(c.resident, float64(stat.ResidentMemory()))
	}
	if n, err := c.self.FileDescriptorsLen(); err == nil {
		gauge(c.openFDs, float64(n))
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil {
		gauge(c.maxFDs, float64(limit.Cur))
	}
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &limit); err == nil {
		gauge(c.maxVirtual, float64(limit.Cur))
	}
	if c.started != nil {
		metrics <- c.started
	}
}
