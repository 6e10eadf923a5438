package deployment_test

import (
	"testing"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// TestHang: a real Sentinel that is stopped, and a deployment around it.
func TestHang(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Replicas: 1})
	clients := make([]*sentinel.Client, len(topo.Sentinels))
	for i, s := range topo.Sentinels {
		clients[i] = sentinel.NewClient(sentinel.Options{Address: s.Addr()})
	}
	d := deployment.New(clients...)
	defer d.Close()
	for _, s := range d.Snapshots(within(t, 5*time.Second)) {
		must(t, s.Err)
	}
	must(t, topo.Sentinels[1].Hang())
	start := time.Now()
	snapshots := d.Snapshots(within(t, 2*time.Second))
	if took := time.Since(start); took > 2*time.Second+grace {
		t.Errorf("took %v", took)
	}
	for i, s := range snapshots {
		if s.Sentinel != topo.Sentinels[i].Addr() {
			t.Errorf("snapshot %d is of %s", i, s.Sentinel)
		}
		if hung := i == 1; s.Up() == hung || hung && s.Failed(sentinel.CommandMasters).Reason != sentinel.ReasonTimeout {
			t.Errorf("Sentinel %d: up %v, error %v", i, s.Up(), s.Err)
		}
		if s.Duration > 500*time.Millisecond+grace {
			t.Errorf("Sentinel %d took %v", i, s.Duration)
		}
	}
	must(t, topo.Sentinels[1].Resume())
	for _, s := range d.Snapshots(within(t, 5*time.Second)) {
		must(t, s.Err)
	}
}

// TestDiscoverByNameAndIPv6: host names where the Sentinel resolves them, and IPv6.
func TestDiscoverByNameAndIPv6(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"localhost", "::1"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			topo := sentineltest.Run(t, sentineltest.Config{Host: host, Sentinels: 1, Replicas: 1})
			ctx := within(t, 20*time.Second)
			want := topo.Masters[0].Node.Addr()
			d := newDeployment(t, topo.Sentinels[0].Addr())
			found, err := d.DiscoverMaster(ctx, name, deployment.DiscoverOptions{})
			if err != nil || found.Addr != want {
				t.Errorf("discovery finds %+v, %v; want %s", found, err, want)
			}
			replicas, err := d.DiscoverReplicas(ctx, name, deployment.DiscoverOptions{})
			if want := topo.Masters[0].Replicas[0].Addr(); err != nil || len(replicas.Replicas) != 1 || replicas.Replicas[0].Addr != want {
				t.Errorf("discovery finds the replicas %+v, %v; want %s", replicas, err, want)
			}
		})
	}
}

// TestDiscoverOddNames: a name passes through as it is.
func TestDiscoverOddNames(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Masters: []string{"plain"}, Sentinels: 1, Replicas: 1})
	s := topo.Sentinels[0]
	d := newDeployment(t, s.Addr())
	addr := topo.Masters[0].Node.Addr()
	ctx := within(t, 30*time.Second)
	c := sentinel.NewClient(sentinel.Options{Address: s.Addr()})
	defer c.Close()
	for _, odd := range []string{"a,b=c", "sp ace", "\xff\xfe", "", "größe", `\xff`, "\"quoted'"} {
		must(t, c.Monitor(ctx, odd, addr, 1))
		if found, err := d.DiscoverMaster(ctx, odd, deployment.DiscoverOptions{}); err != nil || found.Addr != addr || found.Name != odd {
			t.Errorf("%q: discovery finds %+v, %v", odd, found, err)
		}
	}
}
