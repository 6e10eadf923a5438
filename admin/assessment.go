package admin

import (
	"context"
	"slices"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// An assessment is what all Sentinels say of the deployment before it is changed.
type assessment struct {
	snapshots []*sentinel.Snapshot
	report    health.Report
}

func takeAssessment(ctx context.Context, d *deployment.Deployment, timeout time.Duration) *assessment {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	snapshots := d.Snapshots(ctx)
	return &assessment{snapshots: snapshots, report: health.Assess(snapshots)}
}

// views are those of the Sentinels that monitor a master.
func (s *assessment) views(name string) []deployment.View {
	return deployment.ViewsOf(s.snapshots, name)
}

// hasHiddenReplicas reports whether a Sentinel has replicas of the master that it does
// not show. It may promote them, and says itself if it cannot.
func (s *assessment) hasHiddenReplicas(master string) bool {
	return slices.ContainsFunc(s.views(master), func(v deployment.View) bool { return v.HasHiddenReplicas() })
}
