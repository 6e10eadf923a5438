package collector

import (
	"cmp"
	"slices"

	dto "github.com/prometheus/client_model/go"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// Options choose among the metrics that can be left out.
type Options struct {
	Replicas  bool // those of each replica
	Peers     bool // those of each Sentinel that another one knows
	InfoCache bool // those of the data nodes, from INFO-CACHE
	Events    bool // those of the event streams; see [Collector.WithEvents]
}

// A Collector makes metric families of snapshots. It keeps nothing from one call
// to the next and may be used concurrently.
type Collector struct {
	groups []group
	events *Events // nil where nobody listens
}

// New returns a Collector with the metrics that o asks for.
func New(o Options) *Collector {
	return &Collector{groups: groups(o)}
}

// WithEvents returns a Collector that shows what e has heard as well.
func (c *Collector) WithEvents(e *Events) *Collector {
	return &Collector{groups: c.groups, events: e}
}

// groups are all tables in the order of their documentation.
func groups(o Options) []group {
	all := []group{
		newGroup(sentinelTable()),
		newGroup(commandTable(o)),
		newGroup(commandErrorTable(o)),
		newGroup(cpuTable()),
		newGroup(masterTable()),
	}
	if o.Replicas {
		all = append(all, newGroup(replicaTable()))
	}
	if o.Peers {
		all = append(all, newGroup(peerTable()))
	}
	all = append(all, newGroup(deploymentTable()), newGroup(deploymentMasterTable()),
		newGroup(healthTable()), newGroup(checkTable()))
	if o.Events {
		all = append(all, eventGroups()...)
	}
	if o.InfoCache {
		all = append(all, newGroup(nodeTable()))
	}
	return all
}

// Families returns what the snapshots of one deployment say and what the report
// says of them, sorted by name and within a family by the labels of the rows. The families share their labels
// with each other and their texts with the Collector: they are to be read only.
func (c *Collector) Families(snapshots []*sentinel.Snapshot, report *health.Report) []*dto.MetricFamily {
	v := newView(snapshots, report)
	if c.events != nil {
		v.events = c.events.rows(snapshots)
	}
	var families []*dto.MetricFamily
	for _, g := range c.groups {
		families = g.appendFamilies(families, v)
	}
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return cmp.Compare(*a.Name, *b.Name) })
	return families
}

// A view is what the tables take their rows from.
type view struct {
	snapshots []*sentinel.Snapshot
	report    *health.Report
	masters   []masterRow // of all Sentinels that are up, by name and Sentinel
	events    *eventRows
}

func newView(snapshots []*sentinel.Snapshot, report *health.Report) *view {
	count := 0
	for _, s := range snapshots {
		count += len(s.Masters)
	}
	v := &view{snapshots: snapshots, report: report, masters: make([]masterRow, 0, count), events: &eventRows{}}
	for _, s := range snapshots {
		if !s.Up() {
			continue
		}
		for i := range s.Masters {
			v.masters = append(v.masters, newMasterRow(s, &s.Masters[i]))
		}
	}
	slices.SortStableFunc(v.masters, func(a, b masterRow) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.snapshot.Sentinel, b.snapshot.Sentinel))
	})
	return v
}
