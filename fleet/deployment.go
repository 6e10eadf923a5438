package fleet

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/refcount"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/probe"
	"redis_sentinel_exporter/role"
	"redis_sentinel_exporter/sentinel"
)

// A Snapshotter asks the Sentinels of one deployment. It returns one Snapshot for each,
// whether it answers or not. Tests replace *deployment.Deployment.
type Snapshotter interface {
	Snapshots(ctx context.Context) []*sentinel.Snapshot
}

var _ Snapshotter = (*deployment.Deployment)(nil)

// A RoleJudge answers the checks of load balancers. *role.Keeper is one; tests replace it.
type RoleJudge interface {
	Master(ctx context.Context, c role.Check) role.Answer
	Replica(ctx context.Context, c role.Check, l role.Limits) role.Answer
	Sentinel(ctx context.Context, address string, master *string) role.Answer
	Grace() map[string]bool
}

var _ RoleJudge = (*role.Keeper)(nil)

// Parts are what a Deployment is made of.
type Parts struct {
	Sentinels Snapshotter
	Collector *collector.Collector
	Events    *collector.Events // nil if the event streams are not followed
	Roles     RoleJudge         // nil of a deployment that a request brings itself
	HostMap   canstop.HostMap
	// Preflight is how to look at the data nodes.
	Preflight preflight.Options
	// Timeout is how long the Sentinels may take at most; 0 for what the request allows.
	Timeout time.Duration
	Logger  *slog.Logger // for failures
}

// A Deployment is one deployment with what is kept of it between requests. It is safe for
// concurrent use.
type Deployment struct {
	Parts
	name     string // empty for the one without a name
	failures *failureLog
	operator *admin.Operator
	looks    preflights

	// The rest is of a named one. The Fleet guards what comes before mu.
	spec       *probe.Deployment
	asked      *deployment.Deployment
	keeper     *role.Keeper
	uses       refcount.Count
	refreshing time.Time     // when it was last asked in the background
	attended   bool          // its events are followed, or were
	before     *Deployment   // what it was in the file before a change; nil once it has the records of that
	unattended chan struct{} // closed when nothing goes on in it between requests any more

	mu   sync.Mutex // guards last
	last memory

	// What only one deployment can have; nil of one without a name. The registry guards the rest.
	registry  *registry
	given     []string // the addresses of the file
	marks     []mark
	views     []view
	forgotten bool
}

// NewDeployment returns the deployment without a name, or one that a request brings itself.
func NewDeployment(p Parts) *Deployment {
	return &Deployment{Parts: p, failures: newFailureLog(p.Logger), looks: newPreflights()}
}

// Name returns its name; empty if it has none.
func (d *Deployment) Name() string { return d.name }

// Operator returns what changes its Sentinels; nil if it has no name.
func (d *Deployment) Operator() *admin.Operator { return d.operator }

// Limit returns a timeout, or that of the deployment if it is shorter.
func (d *Deployment) Limit(timeout time.Duration) time.Duration {
	if d.Timeout > 0 {
		return min(timeout, d.Timeout)
	}
	return timeout
}

// lastAsked returns when it was last asked, by whomever. The caller has the Fleet's lock.
func (d *Deployment) lastAsked() time.Time {
	if at := d.remembered().at; at.After(d.refreshing) {
		return at
	}
	return d.refreshing
}

// Note logs which Sentinels have started or stopped to fail. What is missing in the snapshots
// must be the Sentinels' fault, not that of a client that has gone.
func (d *Deployment) Note(snapshots []*sentinel.Snapshot) { d.failures.note(snapshots) }

// Assess returns the report on the snapshots. Of a named deployment it is remembered, and says
// what others have as well. The error is that of a context that ends first.
func (d *Deployment) Assess(ctx context.Context, snapshots []*sentinel.Snapshot) (health.Report, error) {
	if d.name == "" {
		return health.AssessContext(ctx, snapshots, d.HostMap, health.Elsewhere{})
	}
	d.mark(snapshots)
	report, err := health.AssessContext(ctx, snapshots, d.HostMap, elsewhere(d.registry.shared(d)))
	if err == nil {
		d.remember(snapshots, &report)
	}
	return report, err
}

// mark notes what only one deployment can have. Of Sentinels that do not answer, that of before holds.
func (d *Deployment) mark(snapshots []*sentinel.Snapshot) {
	if deployment.Unanswered(snapshots) == nil {
		d.registry.note(d, censusOf(snapshots, d.given))
	}
}

// remember keeps what the list of the fleet says.
func (d *Deployment) remember(snapshots []*sentinel.Snapshot, r *health.Report) {
	now := newMemory(snapshots, r)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = now.after(&d.last)
}

// remembered returns what the last report said.
func (d *Deployment) remembered() memory {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last
}
