package sentineltest

import (
	"strings"
	"testing"
)

// TestTalk: several questions over one redis-cli, which says so when the node is
// gone.
func TestTalk(t *testing.T) {
	t.Parallel()
	topology := Run(t, Config{Replicas: None, Sentinels: 1})
	s := topology.Sentinels[0]
	talk, err := s.Talk()
	if err != nil {
		t.Fatal(err)
	}
	defer talk.Close()
	for range 3 {
		info, err := talk.Info(within(t), "sentinel")
		if err != nil || info["sentinel_masters"] != "1" {
			t.Fatalf("INFO says %v (%v)", info, err)
		}
		answers, err := talk.Batch(within(t), []string{"PING"}, []string{"SENTINEL", "MASTER", "nosuch"}, []string{"SENTINEL", "MASTER", "mymaster"})
		if err != nil {
			t.Fatal(err)
		}
		var pong string
		var row Row
		if err := answers[0].Decode(&pong); err != nil || pong != "PONG" {
			t.Errorf("PING: %q (%v)", pong, err)
		}
		if err := answers[1].Decode(&row); err == nil || !strings.Contains(err.Error(), "No such master") {
			t.Errorf("of no master: %v (%v)", row, err)
		}
		if err := answers[2].Decode(&row); err != nil || row.Get("name") != "mymaster" {
			t.Errorf("of the master: %v (%v)", row, err)
		}
	}
	s.Kill()
	if answers, err := talk.Batch(within(t), []string{"PING"}); err == nil {
		t.Errorf("a dead Sentinel says %s (%v)", answers[0].JSON, answers[0].Err)
	}
}
