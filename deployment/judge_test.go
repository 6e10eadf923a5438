package deployment

import (
	"testing"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// healthyMaster is a master as a Sentinel shows it that has nothing to say against it.
func healthyMaster() sentinel.Master {
	return sentinel.Master{
		Instance:     node("mymaster", "127.0.0.1", "17000", sentinel.FlagMaster),
		RoleReported: "master",
		InfoRefresh:  sentinel.Some(9660 * time.Millisecond),
	}
}

// healthyReplica is a replica of it.
func healthyReplica() sentinel.Replica {
	return sentinel.Replica{
		Instance:     node("127.0.0.1:17001", "127.0.0.1", "17001", sentinel.FlagReplica),
		RoleReported: "slave",
		InfoRefresh:  sentinel.Some(9660 * time.Millisecond),
		MasterLinkUp: true,
		MasterHost:   "127.0.0.1",
		MasterPort:   "17000",
	}
}

func node(name, host, port string, flags sentinel.Flags) sentinel.Instance {
	return sentinel.Instance{Name: name, Host: host, Port: port, Addr: host + ":" + port, RunID: "run id of " + port, Flags: flags}
}

func TestUsableReplicas(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*sentinel.Replica)
		want   int
	}{
		{"healthy", func(*sentinel.Replica) {}, 1},
		{"its link to the master is down", func(r *sentinel.Replica) { r.MasterLinkUp = false }, 1},
		{"s_down", func(r *sentinel.Replica) { r.Flags |= sentinel.FlagSDown }, 0},
		{"disconnected", func(r *sentinel.Replica) { r.Flags |= sentinel.FlagDisconnected }, 0},
		{"no INFO yet, as an old master after a failover", func(r *sentinel.Replica) { r.InfoRefresh, r.RunID = sentinel.Some[time.Duration](0), "" }, 0},
		{"says that it is a master", func(r *sentinel.Replica) { r.RoleReported = "master" }, 0},
		{"is the master", func(r *sentinel.Replica) { r.Port, r.Addr = "17000", "127.0.0.1:17000" }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m, r := healthyMaster(), healthyReplica()
			test.change(&r)
			m.Replicas = []sentinel.Replica{r}
			if got := len(usableReplicas(&m)); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}
