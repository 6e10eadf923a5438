package collector

import (
	"cmp"
	"io"
	"slices"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// Options select the metrics that can be left out.
type Options struct {
	Replicas  bool // metrics of each replica
	Peers     bool // metrics of each Sentinel that another one knows
	InfoCache bool // metrics of the data nodes, from INFO-CACHE
	Events    bool // metrics of the event streams; see [Collector.WithEvents]
}

// A Collector makes metrics of the snapshots of one deployment. It keeps the text of
// labels from one call to the next, and which series have just become quiet, but no
// value. It may be used concurrently.
type Collector struct {
	tables   []anyTable
	memories []memory   // of each table
	writers  *sync.Pool // of textWriters, shared with the others
	events   *Events    // nil if the event streams are not followed
}

// New returns a Collector with the metrics that o asks for.
func New(o Options) *Collector {
	return newCollector(tables(o))
}

// NewEmpty returns a Collector without metrics of its own: its pages have only what is added.
func NewEmpty() *Collector { return newCollector(nil) }

func newCollector(tables []anyTable) *Collector {
	writers := &sync.Pool{New: func() any { return newTextWriter() }}
	return (&Collector{tables: tables, writers: writers}).ForAnother()
}

// ForAnother returns a Collector with the same metrics, for another deployment. It shares
// the tables, which are most of what a Collector is made of.
func (c *Collector) ForAnother() *Collector {
	another := &Collector{tables: c.tables, memories: make([]memory, len(c.tables)), writers: c.writers}
	now := time.Now()
	for i := range another.memories {
		another.memories[i].page = now
	}
	return another
}

// WithEvents returns a Collector that also has the metrics of e.
func (c *Collector) WithEvents(e *Events) *Collector {
	another := c.ForAnother()
	another.events = e
	return another
}

// tables returns the tables that o selects, in the order of the documentation.
func tables(o Options) []anyTable {
	all := []anyTable{
		anyTableOf(sentinelTable()),
		anyTableOf(commandTable(o)),
		anyTableOf(commandErrorTable(o)),
		anyTableOf(cpuTable()),
		anyTableOf(masterTable()),
	}
	if o.Replicas {
		all = append(all, anyTableOf(replicaTable()))
	}
	if o.Peers {
		all = append(all, anyTableOf(peerTable()))
	}
	all = append(all, anyTableOf(deploymentTable()), anyTableOf(deploymentMasterTable()),
		anyTableOf(healthTable()), anyTableOf(checkTable()))
	if o.Events {
		all = append(all, eventTables()...)
	}
	if o.InfoCache {
		all = append(all, anyTableOf(nodeTable()))
	}
	return all
}

// A Page holds what one response is made from.
type Page struct {
	// Snapshots are of the Sentinels of one deployment; Report is the report on them.
	Snapshots []*sentinel.Snapshot
	Report    *health.Report
	// Also has families with other names, which are added.
	Also []*dto.MetricFamily
	// Names limits the page to the families with these names; empty means all.
	Names []string
}

// WriteText writes a page in Prometheus' text format ([ContentType]), sorted by
// name and within a family by the labels. It returns the error of the first
// Write that fails, and no other.
func (c *Collector) WriteText(out io.Writer, p Page) error {
	w := c.writers.Get().(*textWriter) //nolint:forcetypeassert // the pool has no others
	w.out = out
	defer func() {
		*w = textWriter{buf: w.buf[:0]}
		c.writers.Put(w)
	}()
	for _, f := range c.page(p) {
		if f.write(w); w.err != nil {
			return w.err
		}
	}
	w.flush()
	return w.err
}

// page returns the families of a page, sorted by name.
func (c *Collector) page(p Page) []family {
	v := newInput(p.Snapshots, p.Report)
	if c.events != nil {
		v.events = c.events.rows(p.Snapshots)
	}
	all := c.families(v)
	for _, f := range p.Also {
		all = append(all, encoded(f))
	}
	if len(p.Names) > 0 {
		all = slices.DeleteFunc(all, func(f family) bool { return !slices.Contains(p.Names, f.name) })
	}
	slices.SortFunc(all, func(a, b family) int { return cmp.Compare(a.name, b.name) })
	return all
}

// worthSharing is from how many masters on goroutines cost less time than they save.
const worthSharing = 100

// families prepares the rows of all tables, with many masters in parallel: the tables share
// nothing but the input, which they only read.
func (c *Collector) families(v *input) []family {
	parts := make([][]family, len(c.tables))
	var wg sync.WaitGroup
	for i, g := range c.tables {
		prepare := func() { parts[i] = g.families(v, &c.memories[i]) }
		if len(v.masters) < worthSharing {
			prepare()
		} else {
			wg.Go(prepare)
		}
	}
	wg.Wait()
	return slices.Concat(parts...)
}

// An input is what the tables make their rows from.
type input struct {
	snapshots []*sentinel.Snapshot
	report    *health.Report
	masters   []masterRow // of all Sentinels that are up, by name and Sentinel
	events    *eventRows
	now       time.Time // of the snapshots: when the last of them was taken
}

func newInput(snapshots []*sentinel.Snapshot, report *health.Report) *input {
	count := 0
	var now time.Time
	for _, s := range snapshots {
		count += len(s.Masters)
		if s.Started.After(now) {
			now = s.Started
		}
	}
	v := &input{snapshots: snapshots, report: report, masters: make([]masterRow, 0, count), events: &eventRows{}, now: now}
	for _, s := range snapshots {
		if !s.Up() {
			continue
		}
		for i := range s.Masters {
			v.masters = append(v.masters, newMasterRow(deployment.View{Master: &s.Masters[i], Snapshot: s}))
		}
	}
	slices.SortStableFunc(v.masters, func(a, b masterRow) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Snapshot.Sentinel, b.Snapshot.Sentinel))
	})
	return v
}
