package admin

import (
	"context"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// TestNobodyFollows: that nobody answers, or nobody any more by the deadline, does not
// mean that all follow.
func TestNobodyFollows(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{Replicas: 1})
	var clients []*sentinel.Client
	for _, addr := range topology.SentinelAddrs() {
		clients = append(clients, sentinel.NewClient(sentinel.Options{Address: addr}))
	}
	d := deployment.New(clients...)
	defer d.Close()
	newJob := func() *job {
		return &job{
			Operation: Operation{Action: Failover, Master: "mymaster"}, operator: New(d, time.Second),
			assessment: takeAssessment(t.Context(), d, 2*time.Second), answer: &OperationResult{},
		}
	}
	at := func(addr string) *sentinel.Master { return &sentinel.Master{Instance: sentinel.Instance{Addr: addr}} }
	nowhere := at("127.0.0.1:1")
	behind, over, dead := newJob(), newJob(), newJob()

	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	behind.waitFollowed(ctx, nowhere)
	<-ctx.Done()
	over.waitFollowed(ctx, nowhere)
	for _, s := range topology.Sentinels {
		s.Kill()
	}
	ctx, cancel = context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	dead.waitFollowed(ctx, at(topology.Masters[0].Node.Addr()))

	for _, test := range []struct {
		name string
		job  *job
		want string // of each Sentinel
	}{
		{"they name another", behind, "(names " + topology.Masters[0].Node.Addr() + ")"},
		{"the time is over", over, "(does not answer)"},
		{"they are dead", dead, "(does not answer)"},
	} {
		findings := test.job.answer.Findings
		if len(findings) != 1 || strings.Count(findings[0].Message, test.want) != 3 {
			t.Errorf("%s: got the findings %+v", test.name, findings)
		}
	}
}
