package collector

import (
	"testing"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

func TestWrongMaster(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		host, port string // that the replica follows
		master     string // the master's address
		role       string
		want       float64
		known      bool
	}{
		{"right", "10.0.0.10", "6379", "10.0.0.10:6379", "slave", 0, true},
		{"other host", "10.0.0.99", "6379", "10.0.0.10:6379", "slave", 1, true},
		{"other port", "10.0.0.10", "6380", "10.0.0.10:6379", "slave", 1, true},
		{"not told", "?", "0", "10.0.0.10:6379", "slave", 0, false},
		{"missing", "", "", "10.0.0.10:6379", "slave", 0, false},
		{"is a master itself", "10.0.0.99", "6379", "10.0.0.10:6379", "master", 0, false},
		{"no role", "10.0.0.99", "6379", "10.0.0.10:6379", "", 0, false},
		{"IPv6", "2001:db8::10", "6379", "[2001:db8::10]:6379", "slave", 0, true},
		{"IPv6 written in another way", "2001:DB8:0::10", "6379", "[2001:db8::10]:6379", "slave", 0, true},
		{"IPv6 other host", "2001:db8::11", "6379", "[2001:db8::10]:6379", "slave", 1, true},
		{"IPv4 in IPv6", "::ffff:10.0.0.10", "6379", "10.0.0.10:6379", "slave", 0, true},
		{"names", "redis-0.redis", "6379", "redis-0.redis:6379", "slave", 0, true},
		{"names in another case", "Redis-0.redis", "6379", "redis-0.redis:6379", "slave", 0, true},
		{"other name", "redis-1.redis", "6379", "redis-0.redis:6379", "slave", 0, false}, // one host can have two
		{"name and address", "redis-0.redis", "6379", "10.0.0.10:6379", "slave", 0, false},
		{"address and name", "10.0.0.10", "6379", "redis-0.redis:6379", "slave", 0, false},
		{"name and address, other port", "redis-0.redis", "6380", "10.0.0.10:6379", "slave", 1, true},
		{"master's name did not resolve", "10.0.0.10", "6379", ":6379", "slave", 0, false},
		{"master's name did not resolve, name", "redis-0.redis", "6379", ":6379", "slave", 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := healthyReplica("10.0.0.11:6379", runReplica, 0)
			r.MasterHost, r.MasterPort, r.RoleReported = test.host, test.port, test.role
			m := sentinel.Master{Instance: instance(test.master, runMaster, sentinel.FlagMaster)}
			row := replicaRow{Replica: &r, master: &masterRow{View: deployment.View{Master: &m}}}
			if got, known := row.wrongMaster(); got != test.want || known != test.known {
				t.Errorf("wrongMaster() = %v, %v; want %v, %v", got, known, test.want, test.known)
			}
		})
	}
}

// While the leader of a failover reconfigures the replicas it gives clients the
// promoted one's address, and a replica is right to follow the old or the new.
func TestWrongMasterInFailover(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		host     string
		promoted string
		want     float64
		known    bool
	}{
		{"10.0.0.10", "10.0.0.11:6379", 0, true}, // the old master
		{"10.0.0.11", "10.0.0.11:6379", 0, true},
		{"10.0.0.99", "10.0.0.11:6379", 1, true},
		{"redis-1.redis", "10.0.0.11:6379", 0, false},
		{"redis-1.redis", "redis-1.redis:6379", 0, true},
		{"10.0.0.99", "redis-1.redis:6379", 0, false}, // may be the promoted one
	} {
		m := leader().Masters[0]
		m.Replicas[0].Instance = instance(test.promoted, runReplica, m.Replicas[0].Flags)
		m.Replicas[1].MasterHost = test.host
		row := replicaRow{Replica: &m.Replicas[1], master: &masterRow{View: deployment.View{Master: &m}}}
		if got, known := row.wrongMaster(); got != test.want || known != test.known {
			t.Errorf("%s promoted, following %s: wrongMaster() = %v, %v; want %v, %v", test.promoted, test.host, got, known, test.want, test.known)
		}
	}
}
