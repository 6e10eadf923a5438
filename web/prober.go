package web

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/fleet"
	"redis_sentinel_exporter/internal/refcount"
	"redis_sentinel_exporter/probe"
	"redis_sentinel_exporter/sentinel"
)

// ProberOptions limit what a Prober keeps.
type ProberOptions struct {
	// MaxConnections is the maximum number of Sentinels that a Prober keeps connections
	// to, and of probes that it serves at the same time.
	MaxConnections int
	// IdleTimeout is how long a deployment is kept after its last probe.
	IdleTimeout time.Duration
	// HostMap says which machine, or zone, a host is.
	HostMap canstop.HostMap
	// ReplyMemory bounds what the replies to all probes together take, in bytes; 0 is no
	// bound.
	ReplyMemory int64
}

// A Prober keeps the deployments that are probed, and their connections, from one probe to
// the next. It closes a deployment that has been idle for some time, and the one that has
// been idle for longest when there are too many.
type Prober struct {
	file   *probe.File
	opts   ProberOptions
	logger *slog.Logger
	budget *sentinel.Budget

	mu         sync.Mutex // guards the fields below, and uses and used of the deployments
	kept       map[probeKey]*probed
	collectors map[probe.Collectors]*collector.Collector
	sentinels  int // of all deployments that are not closed
	ended      bool
}

// A probeKey identifies a deployment. A reload makes new modules, so deployments with old
// credentials are not found again.
type probeKey struct {
	module  *probe.Module
	targets string
}

// A probed is a deployment that is probed.
type probed struct {
	*fleet.Deployment
	close     func()
	sentinels int

	uses refcount.Count // probes under way
	used time.Time      // when the last one ended
}

// errFull means that there is no room for another deployment.
var errFull = errors.New("the connections to probed Sentinels are all in use (--probe.max-connections)")

// NewProber returns a Prober with the modules of file.
func NewProber(file *probe.File, opts ProberOptions, logger *slog.Logger) *Prober {
	p := &Prober{
		file: file, opts: opts, logger: logger,
		kept: make(map[probeKey]*probed), collectors: make(map[probe.Collectors]*collector.Collector),
	}
	if opts.ReplyMemory > 0 {
		p.budget = sentinel.NewBudget(opts.ReplyMemory)
	}
	return p
}

// Run closes idle deployments until ctx ends, and then all. A deployment that is probed
// after that is closed by its last user.
func (p *Prober) Run(ctx context.Context) {
	ticker := time.NewTicker(max(p.opts.IdleTimeout/4, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.forget(func(d *probed) bool { return !d.uses.InUse() && time.Since(d.used) > p.opts.IdleTimeout })
		case <-ctx.Done():
			p.mu.Lock()
			p.ended = true
			p.mu.Unlock()
			p.forget(all)
			return
		}
	}
}

func all(*probed) bool { return true }

// Reload reads the configuration file again, and logs the result. Later probes use new
// connections, because password and certificate files may have changed as well.
func (p *Prober) Reload() error {
	before := p.file.Config()
	err := p.file.Reload()
	if p.file.Config() != before {
		p.forget(all)
	}
	if err != nil {
		p.logger.Error("The configuration file cannot be used, what it said before stays", "err", err)
		return err
	}
	p.logger.Info("The configuration file is loaded", "modules", len(p.file.Config().Modules), "deployments", len(p.file.Deployments()))
	return nil
}

// acquire returns the deployment of these targets. The caller must release it.
func (p *Prober) acquire(module *probe.Module, name string, targets []string) (*probed, error) {
	key := probeKey{module, strings.Join(targets, ",")}
	p.mu.Lock()
	d := p.kept[key]
	var dropped []*probed
	if d == nil {
		dropped = p.makeRoom(len(targets))
		if p.sentinels+len(targets) > p.opts.MaxConnections {
			p.mu.Unlock()
			closeAll(dropped)
			return nil, errFull
		}
		d = p.newProbed(module, name, targets)
		p.sentinels += d.sentinels
		p.kept[key] = d
	}
	d.uses.Acquire()
	if p.ended {
		p.drop(key) // its user closes it
	}
	p.mu.Unlock()
	closeAll(dropped) // before the new connections are made
	return d, nil
}

func (p *Prober) newProbed(module *probe.Module, name string, targets []string) *probed {
	options := module.Options()
	options.Budget = p.budget
	clients := make([]*sentinel.Client, len(targets))
	for i, target := range targets {
		options.Address = target
		clients[i] = sentinel.NewClient(options)
	}
	logger := p.logger.With("probe", strings.Join(targets, ","))
	if name != "" {
		logger = logger.With("module", name)
	}
	asked := deployment.New(clients...)
	return &probed{
		Deployment: fleet.NewDeployment(fleet.Parts{
			Sentinels: asked, Collector: p.collector(module.Collectors).ForAnother(), HostMap: p.opts.HostMap,
			Timeout: time.Duration(module.Timeout), Logger: logger,
		}),
		close:     asked.Close,
		sentinels: len(targets),
	}
}

// collector returns the one for these switches, of which those of all deployments are made
// that have the same. The caller has the lock.
func (p *Prober) collector(switches probe.Collectors) *collector.Collector {
	c := p.collectors[switches]
	if c == nil {
		c = collector.New(collector.Options{Replicas: switches.Replicas, Peers: switches.Peers, InfoCache: switches.InfoCache})
		p.collectors[switches] = c
	}
	return c
}

// release ends a use.
func (p *Prober) release(d *probed) {
	p.mu.Lock()
	d.used = time.Now()
	last := d.uses.Release()
	if last {
		p.sentinels -= d.sentinels
	}
	p.mu.Unlock()
	if last {
		d.close()
	}
}

// makeRoom drops the deployments that have been idle for longest until there is room for n
// more Sentinels, or none is idle. The caller holds the lock; it must close the returned
// deployments after releasing it.
func (p *Prober) makeRoom(n int) []*probed {
	if p.sentinels+n <= p.opts.MaxConnections {
		return nil
	}
	idle := make([]probeKey, 0, len(p.kept))
	for key, d := range p.kept {
		if !d.uses.InUse() {
			idle = append(idle, key)
		}
	}
	slices.SortFunc(idle, func(a, b probeKey) int { return p.kept[a].used.Compare(p.kept[b].used) })
	var dropped []*probed
	for _, key := range idle {
		if p.sentinels+n <= p.opts.MaxConnections {
			break
		}
		dropped = append(dropped, p.drop(key)...)
	}
	return dropped
}

// forget closes the deployments for which which returns true.
func (p *Prober) forget(which func(*probed) bool) {
	p.mu.Lock()
	var dropped []*probed
	for key, d := range p.kept {
		if which(d) {
			dropped = append(dropped, p.drop(key)...)
		}
	}
	p.mu.Unlock()
	closeAll(dropped)
}

// Sentinels returns how many Sentinels it keeps connections to.
func (p *Prober) Sentinels() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sentinels
}

// drop removes a deployment, and returns it if no user is left who will close it. The caller
// holds the lock.
func (p *Prober) drop(key probeKey) []*probed {
	d := p.kept[key]
	delete(p.kept, key)
	if !d.uses.Retire() {
		return nil
	}
	p.sentinels -= d.sentinels
	return []*probed{d}
}

// closeAll closes connections. Do not hold the lock: with TLS it may take a moment.
func closeAll(dropped []*probed) {
	for _, d := range dropped {
		d.close()
	}
}
