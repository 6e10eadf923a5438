package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/cli"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

// TestPreflight: text for people, JSON for programs, and the exit code of the worst.
func TestPreflight(t *testing.T) {
	t.Parallel()
	const nodePass = "canary-node"
	r := sentineltest.Run(t, sentineltest.Config{Replicas: 1, Sentinels: 1, NodeConf: []string{"save 3600 1", "user looker on >" + nodePass + " +@all"}})
	account := &sentinel.Options{Username: "looker", Password: func() (string, error) { return nodePass, nil }}
	preflighted := func(nodes *sentinel.Options, words ...string) (status int, out string) {
		var stdout, stderr strings.Builder
		streams := cli.Streams{Out: &stdout, Err: &stderr, Timeout: 10 * time.Second, Preflight: preflight.Options{Nodes: nodes}}
		status = run(t.Context(), r.SentinelAddrs(), streams, append([]string{"preflight"}, words...)...)
		if strings.Contains(stdout.String()+stderr.String(), "canary") {
			t.Errorf("the password is printed:\n%s%s", &stdout, &stderr)
		}
		return status, stdout.String() + stderr.String()
	}
	if status, out := preflighted(account, "mymaster"); status != 0 || !strings.HasPrefix(out, "mymaster ok\n  master "+r.Masters[0].Node.Addr()+" ") {
		t.Errorf("exit code %d:\n%s", status, out)
	}
	if status, out := preflighted(nil); status != 3 || strings.Count(out, "the data nodes are not asked") != 1 || !strings.Contains(out, ", promotion_refused, ") || !strings.Contains(out, "\n  the data nodes are not asked: give --node.username") {
		t.Errorf("without an account: exit code %d:\n%s", status, out)
	}
	if status, out := preflighted(account, "nosuch"); status != 3 || !strings.Contains(out, `no Sentinel of the 1 that were asked monitors a master named "nosuch"`) {
		t.Errorf("another name: exit code %d:\n%s", status, out)
	}
	heir := r.Masters[0].Replicas[0]
	if _, err := heir.CLI(t.Context(), "CONFIG", "SET", "min-replicas-to-write", "1"); err != nil {
		t.Fatal(err)
	}
	status, out := preflighted(account, "mymaster")
	if status != 2 || !strings.Contains(out, "\ncritical min_replicas\n  after the loss of the master "+heir.Addr()) || !strings.Contains(out, "CONFIG SET min-replicas-to-write 0\n") {
		t.Errorf("exit code %d:\n%s", status, out)
	}
	status, out = preflighted(account, "--output=json")
	var reports []preflight.Report
	if err := json.Unmarshal([]byte(out), &reports); err != nil || status != 2 || len(reports) != 1 || len(reports[0].Findings) != 1 || reports[0].Findings[0].Check != "min_replicas" {
		t.Errorf("exit code %d, %v:\n%s", status, err, out)
	}
}
