// Package fleet keeps the named deployments of the configuration file: of each what there is
// of a single one, which is its connections, event streams, counters, and what its last
// snapshots said. A reload leaves alone what it does not change.
package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/internal/pause"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/probe"
	"redis_sentinel_exporter/role"
	"redis_sentinel_exporter/sentinel"
)

// Options are the settings of a Fleet.
type Options struct {
	// Events says whether the event streams are followed.
	Events bool
	// Timeout is how long the Sentinels may take if nothing else says so.
	Timeout time.Duration
	// RoleGrace is how long load balancers get the last answer if nobody can tell.
	RoleGrace time.Duration
	// HostMap says which machine, or zone, a host is.
	HostMap canstop.HostMap
	// MaxConnections is the most Sentinels that the deployments may have in the file.
	MaxConnections int
	// Budget bounds what the replies to all deployments together take.
	Budget *sentinel.Budget
	// CertificatesWithin is how soon a certificate expires that is a finding of preflight.
	CertificatesWithin time.Duration
	// History is where the records of failovers are kept; nil if they are not.
	History *history.File
	// Shard is the part of the deployments that this exporter has.
	Shard Shard
}

// A Fleet is the named deployments of a file. It is safe for concurrent use.
type Fleet struct {
	file   *probe.File
	opts   Options
	logger *slog.Logger

	registry registry

	applying sync.Mutex  // held while the file is compared with the deployments
	refuses  atomic.Bool // what the file says, as last read

	mu         sync.Mutex // guards the fields below, and those of the deployments that they say
	named      map[string]*Deployment
	elsewhere  map[string]bool // names of the deployments of other shards
	collectors map[probe.Collectors]*collector.Collector
	changed    chan struct{} // closed and replaced when a deployment comes or goes
}

// New returns the fleet of a file. It returns an error if there are too many Sentinels.
func New(file *probe.File, opts Options, logger *slog.Logger) (*Fleet, error) {
	f := &Fleet{
		file: file, opts: opts, logger: logger, named: make(map[string]*Deployment), elsewhere: make(map[string]bool),
		collectors: make(map[probe.Collectors]*collector.Collector), changed: make(chan struct{}),
	}
	return f, f.Apply()
}

// Apply makes the deployments those of the file as last read. Those that it says nothing new of
// keep everything.
func (f *Fleet) Apply() error {
	f.applying.Lock()
	defer f.applying.Unlock()
	mine, elsewhere := make(probe.Deployments), make(map[string]bool)
	sentinels := 0
	for name, d := range f.file.Deployments() {
		if !f.opts.Shard.Has(name) {
			elsewhere[name] = true
			continue
		}
		mine[name] = d
		sentinels += len(d.Sentinels)
	}
	f.refuses.Store(sentinels > f.opts.MaxConnections)
	if f.refuses.Load() {
		return fmt.Errorf("the %d deployments have %d Sentinels, and --fleet.max-connections allows %d", len(mine), sentinels, f.opts.MaxConnections)
	}
	var saved map[string]history.Saved
	if f.adds(mine) {
		saved = f.opts.History.Load(historyBytes)
	}
	f.mu.Lock()
	var gone []*deployment.Deployment
	before, size := make(map[string]*Deployment), len(f.named)
	for name, d := range f.named {
		if spec := mine[name]; spec != nil && spec.Same(d.spec) {
			d.spec = spec
			delete(mine, name)
			continue
		}
		delete(f.named, name)
		f.registry.forget(d)
		if mine[name] != nil && d.Events != nil {
			before[name] = d
			if !d.attended {
				before[name] = d.before
			}
		}
		if d.uses.Retire() {
			gone = append(gone, d.asked)
		}
	}
	changed := len(mine) > 0 || len(f.named) < size
	for name, spec := range mine {
		d := f.newNamed(name, spec, saved[name])
		if old := before[name]; old != nil {
			d.before = old
			d.Events.History().Inherit(old.Events.History())
		}
		f.named[name] = d
	}
	f.elsewhere = elsewhere
	if changed {
		close(f.changed)
		f.changed = make(chan struct{})
	}
	f.mu.Unlock()
	for _, d := range gone {
		d.Close()
	}
	return nil
}

// adds reports whether there are deployments of the file that have to be made.
func (f *Fleet) adds(mine probe.Deployments) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, spec := range mine {
		if d := f.named[name]; d == nil || !spec.Same(d.spec) {
			return true
		}
	}
	return false
}

// Refuses reports whether the file has more than may be asked, so that the deployments are
// those of before. A nil Fleet refuses nothing.
func (f *Fleet) Refuses() bool { return f != nil && f.refuses.Load() }

// historyBytes is how much is kept of the failovers of one named deployment, some four: a thousand of them have
// less than 20 MiB, maps and what allocation adds included, when they are quiet.
const historyBytes = 8 << 10

// newNamed returns a deployment of the file. The caller has the lock.
func (f *Fleet) newNamed(name string, spec *probe.Deployment, saved history.Saved) *Deployment {
	options := spec.Options()
	options.Budget = f.opts.Budget
	clients := make([]*sentinel.Client, len(spec.Sentinels))
	for i, address := range spec.Sentinels {
		options.Address = address
		clients[i] = sentinel.NewClient(options)
	}
	asked := deployment.New(clients...)
	if spec.DiscoverPeers {
		asked.FollowPeers(options)
	}
	logger := f.logger.With("deployment", name)
	parts := Parts{
		Sentinels: asked, Collector: f.collector(spec.Module().Collectors).ForAnother(), HostMap: f.opts.HostMap,
		Timeout: time.Duration(spec.Module().Timeout), Logger: logger,
		Preflight: preflight.Options{Nodes: spec.Nodes(f.opts.Budget), Sentinels: options, CertificatesWithin: f.opts.CertificatesWithin},
	}
	if f.opts.Events {
		parts.Events = collector.NewEvents(history.New(history.Options{Deployment: name, MaxBytes: historyBytes, Save: f.opts.History.Save, Saved: saved}), logger)
		parts.Collector = parts.Collector.WithEvents(parts.Events)
	}
	d := NewDeployment(parts)
	d.name, d.spec, d.asked, d.operator, d.registry = name, spec, asked, admin.New(asked, d.Limit(f.opts.Timeout)), &f.registry
	d.unattended = make(chan struct{})
	d.operator.UseNodes(parts.Preflight.Nodes)
	d.given = spec.Sentinels
	d.keeper = role.NewKeeper(asked, role.Options{Grace: f.opts.RoleGrace, Timeout: d.Limit(f.opts.Timeout), Names: f.opts.HostMap})
	d.Roles = d.keeper
	return d
}

// collector returns the one of which those of all deployments are made that have the same
// switches. The caller has the lock.
func (f *Fleet) collector(switches probe.Collectors) *collector.Collector {
	c := f.collectors[switches]
	if c == nil {
		c = collector.New(collector.Options{Replicas: switches.Replicas, Peers: switches.Peers, InfoCache: switches.InfoCache, Events: f.opts.Events})
		f.collectors[switches] = c
	}
	return c
}

// Acquire returns the deployment with that name; the caller must call release. The error says
// which names resemble it, or that another shard has it.
func (f *Fleet) Acquire(name string) (d *Deployment, release func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d = f.named[name]
	switch {
	case d != nil:
		d.uses.Acquire()
		return d, func() { f.release(d) }, nil
	case f.elsewhere[name]:
		return nil, nil, fmt.Errorf("%w named %q here: this exporter has the shard %s, and the deployment is in %s",
			probe.ErrUnknownDeployment, name, f.opts.Shard, f.opts.Shard.Of(name))
	}
	return nil, nil, probe.UnknownDeployment(name, slices.Sorted(maps.Keys(f.named)))
}

// release ends a use. Of a deployment that is not in the file any more, the last one closes the
// connections.
func (f *Fleet) release(d *Deployment) {
	f.mu.Lock()
	last := d.uses.Release()
	f.mu.Unlock()
	if last {
		d.asked.Close()
	}
}

// Size returns how many deployments there are.
func (f *Fleet) Size() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.named)
}

// Sentinels returns how many Sentinels all deployments have in the file; a nil Fleet has none.
func (f *Fleet) Sentinels() (n int) {
	if f == nil {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.named {
		n += len(d.given)
	}
	return n
}

// Uncertain returns, for each deployment and each of its masters that load balancers ask for,
// whether nobody can tell which node it is. A nil Fleet has none.
func (f *Fleet) Uncertain() map[string]map[string]bool {
	if f == nil {
		return nil
	}
	uncertain := make(map[string]map[string]bool)
	for _, d := range f.list() {
		uncertain[d.name] = d.keeper.Grace()
	}
	return uncertain
}

// list returns the deployments, sorted by name.
func (f *Fleet) list() []*Deployment {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]*Deployment, 0, len(f.named))
	for _, name := range slices.Sorted(maps.Keys(f.named)) {
		list = append(list, f.named[name])
	}
	return list
}

// A Target is a deployment as service discovery shows it.
type Target struct {
	Name   string
	Labels map[string]string
	// Groups are its nodes when they were last told; Asked is false if it has not been asked yet.
	Groups []deployment.MergedMaster
	Asked  bool
}

// Targets returns all deployments, sorted by name. It asks no Sentinel.
func (f *Fleet) Targets() []Target {
	list := f.list()
	targets := make([]Target, len(list))
	f.mu.Lock()
	for i, d := range list {
		targets[i] = Target{Name: d.name, Labels: d.spec.Labels}
	}
	f.mu.Unlock()
	for i, d := range list {
		last := d.remembered()
		targets[i].Groups, targets[i].Asked = last.groups, !last.at.IsZero()
	}
	return targets
}

// Run follows the event streams and the files of the configuration, and asks those
// deployments that load balancers want to know about or nobody else asks, until ctx ends. Then it closes all connections that are
// not in use.
func (f *Fleet) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { f.watchFiles(ctx) })
	for range refreshers {
		wg.Go(func() { f.refresh(ctx) })
	}
	f.attend(ctx)
	wg.Wait()
	f.mu.Lock()
	var unused []*deployment.Deployment
	for name, d := range f.named {
		delete(f.named, name)
		if d.uses.Retire() {
			unused = append(unused, d.asked)
		}
	}
	f.mu.Unlock()
	for _, d := range unused {
		d.Close()
	}
}

const (
	// startPerStream is how far apart the streams of many deployments are begun, on average.
	startPerStream = 2 * time.Millisecond
	longestStart   = 10 * time.Second
)

// attend does what goes on in the deployments between requests, as they come and go, until ctx
// ends: it follows the event streams, and asks the Sentinels on behalf of load balancers.
func (f *Fleet) attend(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	attended := make(map[*Deployment]context.CancelFunc)
	defer func() {
		for _, stop := range attended {
			stop()
		}
	}()
	for ctx.Err() == nil {
		f.mu.Lock()
		now, changed := make(map[*Deployment]bool, len(f.named)), f.changed
		var come []*Deployment
		for _, d := range f.named {
			now[d] = true
			if attended[d] == nil {
				d.attended = true
				d.uses.Acquire() // so that no connection is made after the last one is closed
				come = append(come, d)
			}
		}
		f.mu.Unlock()
		for d, stop := range attended {
			if !now[d] {
				stop()
				delete(attended, d)
			}
		}
		spread := min(time.Duration(len(come))*startPerStream, longestStart)
		for _, d := range come {
			attending, stop := context.WithCancel(ctx)
			attended[d] = stop
			wg.Go(func() {
				defer f.release(d)
				f.attendOne(attending, d, spread)
			})
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// attendOne attends to one deployment until ctx ends. It begins to follow the events some time
// within spread.
func (f *Fleet) attendOne(ctx context.Context, d *Deployment, spread time.Duration) {
	defer close(d.unattended)
	var wg sync.WaitGroup
	defer wg.Wait()
	if d.Events != nil {
		wg.Go(func() {
			f.inherit(d)
			if pause.For(ctx, rand.N(spread+1)) { //nolint:gosec // it need not be secret
				d.Events.Follow(ctx, d.asked, d.Limit(f.opts.Timeout), d.keeper.Event, d.operator.Hear)
			}
		})
	}
	d.keeper.Run(ctx)
}

// inherit gives a deployment that was changed in the file the last records of what it was before, once that hears no more.
func (f *Fleet) inherit(d *Deployment) {
	f.mu.Lock()
	before := d.before
	f.mu.Unlock()
	if before == nil {
		return
	}
	<-before.unattended // its context has ended
	d.Events.History().Inherit(before.Events.History())
	f.mu.Lock()
	d.before = nil
	f.mu.Unlock()
}
