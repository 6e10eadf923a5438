package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestAdminOfNamedDeployments: a call changes the deployment that its path names, and is logged
// with that name.
func TestAdminOfNamedDeployments(t *testing.T) {
	t.Parallel()
	r := &adminRig{Topology: sentineltest.Run(t, sentineltest.Config{Replicas: 1}), t: t}
	other := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	e, address := exportertest.StartAdmin(t, exportertest.TempFile(t, exportertest.AdminUsers), "--log.level=debug",
		"--config.file="+exportertest.TempFile(t, named(map[string][]string{"orders": r.SentinelAddrs(), "carts": {other.Addr()}})))
	r.Exporter, r.adminURL = e, "http://"+address
	r.ask(http.StatusOK, http.MethodPatch, "/api/v1/deployments/orders/masters/mymaster", `{"parallel-syncs": 2}`)
	for _, s := range r.Sentinels {
		row, err := s.Row(t.Context(), "SENTINEL", "MASTER", "mymaster")
		if err != nil || row.Get("parallel-syncs") != "2" {
			t.Errorf("it has %s, %v", row.Get("parallel-syncs"), err)
		}
	}
	if n := other.Count("SENTINEL SET"); n != 0 {
		t.Errorf("the other deployment was sent %d changes", n)
	}
	r.ask(http.StatusOK, http.MethodPost, "/api/v1/deployments/orders/flush-config?dry_run=true", "")
	for path, want := range map[string]int{
		"/api/v1/deployments/order/masters/mymaster": http.StatusNotFound, "/api/v1/masters/mymaster": http.StatusBadRequest,
		"/api/v1/deployments/orders/masters/nosuch": http.StatusNotFound,
	} {
		status, body := r.send(call{method: http.MethodPatch, path: path, body: `{"parallel-syncs": 1}`})
		if status != want || want == http.StatusNotFound && strings.Contains(path, "order/") && !strings.Contains(body, "did you mean orders?") {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	if log := e.Stderr.String(); countMatches(log, `msg="Admin call" who=operator .* action=set .* deployment=orders`) != 2 {
		t.Errorf("the log is\n%s", log)
	}
	if metrics := e.MustGet(t, "/metrics"); !metrics.Has(`redis_sentinel_exporter_admin_requests_total{action="set",result="unknown_deployment"} 1`) {
		t.Errorf("the metrics are\n%s", metrics.Body)
	}
}
