package sentinel

import "testing"

func TestUsableReplicas(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change []string // what to replace in a healthy replica's fields
		want   int
	}{
		{"healthy", nil, 1},
		{"its link to the master is down", []string{"status=ok", "status=err"}, 1},
		{"s_down", []string{"flags=slave", "flags=s_down,slave"}, 0},
		{"disconnected", []string{"flags=slave", "flags=slave,disconnected"}, 0},
		{"no INFO yet, as an old master after a failover", []string{
			"info-refresh=9660", "info-refresh=0", "runid=607db6430f945993212be6ef7c973aecdd0c5968", "runid=",
		}, 0},
		{"says that it is a master", []string{"role-reported=slave", "role-reported=master"}, 0},
		{"is the master", []string{"ip=127.0.0.1 port=17001", "ip=127.0.0.1 port=17000"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := row(t, readMaster, healthyMaster)
			m.Replicas = []Replica{*row(t, readReplica, healthyReplica, test.change...)}
			if got := len(m.usableReplicas()); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}
