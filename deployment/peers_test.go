package deployment_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// following asks the Sentinels at these addresses and all that they know.
func following(t *testing.T, addrs ...string) *deployment.Deployment {
	t.Helper()
	d := newDeployment(t, addrs...)
	d.FollowPeers(sentinel.Options{})
	return d
}

// who are the addresses that were asked; those without an answer with a !.
func who(snapshots []*sentinel.Snapshot) []string {
	var addrs []string
	for _, s := range snapshots {
		addr := s.Sentinel
		if !s.Up() {
			addr = "!" + addr
		}
		addrs = append(addrs, addr)
	}
	return addrs
}

// TestFollowPeers: the first snapshots already have the Sentinels that the given
// one knows; they stay when it is gone.
func TestFollowPeers(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Replicas: 1})
	ctx := within(t, 30*time.Second)
	addrs := topo.SentinelAddrs()
	peers := slices.Sorted(slices.Values(addrs[1:]))
	d := following(t, addrs[0])
	want := slices.Concat(addrs[:1], peers)
	for range 3 {
		if diff := cmp.Diff(want, who(d.Snapshots(ctx))); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	}
	topo.Sentinels[0].Kill()
	want[0] = "!" + addrs[0]
	if diff := cmp.Diff(want, who(d.Snapshots(ctx))); diff != "" {
		t.Errorf("the given one dead (-want +got):\n%s", diff)
	}
	healthy := discovery{master: topo.Masters[0].Node.Addr(), replicas: 1, within: soon}
	healthy.check(t, d, 3)
	// A Sentinel that hangs is asked, and costs nothing but its own.
	must(t, topo.Sentinels[2].Hang())
	start := time.Now()
	if got := who(d.Snapshots(within(t, 2*time.Second))); !slices.Contains(got, addrs[1]) || !slices.Contains(got, "!"+addrs[2]) {
		t.Errorf("one hung: got %v", got)
	}
	if took := time.Since(start); took > 2*time.Second+grace {
		t.Errorf("took %v", took)
	}
}

// TestFollowPeersWhenDiscovering: one address is enough, also for the first answer.
func TestFollowPeersWhenDiscovering(t *testing.T) {
	t.Parallel()
	newest := sentineltest.RunFake(t, fakeMaster("9", "master"))
	given := sentineltest.RunFake(t, naming("1", newest.Addr()))
	m, err := following(t, given.Addr()).DiscoverMaster(within(t, 5*time.Second), name, deployment.DiscoverOptions{})
	must(t, err)
	if m.Sentinel != newest.Addr() || m.ConfigEpoch.Value != 9 {
		t.Errorf("got %+v", m)
	}
}

// TestFollowPeersByName: the given Sentinel is known to the others by its IP
// address. It is one Sentinel, at the address that was given.
func TestFollowPeersByName(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Replicas: sentineltest.None})
	ctx := within(t, 30*time.Second)
	given := fmt.Sprintf("localhost:%d", topo.Sentinels[0].Port())
	d := following(t, given)
	want := append([]string{given}, slices.Sorted(slices.Values(topo.SentinelAddrs()[1:]))...)
	for range 3 {
		if diff := cmp.Diff(want, who(d.Snapshots(ctx))); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	}
	must(t, topo.Sentinels[0].Hang()) // who cannot be asked is not found out twice
	want[0] = "!" + want[0]
	if diff := cmp.Diff(want, who(d.Snapshots(within(t, 2*time.Second)))); diff != "" {
		t.Errorf("hung (-want +got):\n%s", diff)
	}
}

// TestFollowPeersBehindABalancer: the given address leads to one Sentinel after the other,
// as that of a Kubernetes Service does when its Sentinels are restarted. All of them are
// asked at each time.
func TestFollowPeersBehindABalancer(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Replicas: sentineltest.None})
	ctx := within(t, 60*time.Second)
	balancer := sentineltest.RunProxy(t, topo.Sentinels[0].Addr())
	d := following(t, balancer.Addr())
	for round := range 2 {
		for i, behind := range topo.Sentinels {
			balancer.LeadTo(behind.Addr())
			others := slices.Sorted(slices.Values(slices.Delete(slices.Clone(topo.SentinelAddrs()), i, i+1)))
			want := append([]string{balancer.Addr()}, others...)
			for range 2 {
				if diff := cmp.Diff(want, who(d.Snapshots(ctx))); diff != "" {
					t.Fatalf("round %d, when it leads to Sentinel %d (-want +got):\n%s", round, i, diff)
				}
			}
		}
	}
}

// naming is a Sentinel that knows others at these addresses.
func naming(id string, peers ...string) sentineltest.FakeConfig {
	i := 0
	return sentineltest.FakeConfig{
		Replicas: 1, Peers: len(peers), ID: strings.Repeat(id, 40),
		Info: "# Server\r\nrun_id:process-" + id + "\r\n",
		Edit: func(kind, _ string, row sentineltest.Row) sentineltest.Row {
			switch kind {
			case "master":
				return row.With("config-epoch", "1")
			case "sentinel":
				host, port, _ := strings.Cut(peers[i%len(peers)], ":")
				i++
				return row.With("ip", host).With("port", port)
			}
			return row
		},
	}
}

// TestFollowPeersGone: a peer that nobody names is asked for a minute, one that
// never answered costs nothing, and no client is left behind.
func TestFollowPeersGone(t *testing.T) {
	t.Parallel()
	const nobody = "127.0.0.1:1"
	peer := sentineltest.RunFake(t, naming("2"))
	given := sentineltest.RunFake(t, naming("1", peer.Addr(), nobody))
	d := following(t, given.Addr())
	ctx := within(t, 10*time.Second)
	want := []string{given.Addr(), "!" + nobody, peer.Addr()}
	if diff := cmp.Diff(want, who(d.Snapshots(ctx))); diff != "" {
		t.Fatalf("named (-want +got):\n%s", diff)
	}
	given.Set(naming("1"))
	if diff := cmp.Diff(want, who(d.Snapshots(ctx))); diff != "" {
		t.Errorf("a moment later (-want +got):\n%s", diff)
	}
	d.AgePeers(2 * time.Minute)
	d.Snapshots(ctx)
	if diff := cmp.Diff(want[:1], who(d.Snapshots(ctx))); diff != "" {
		t.Errorf("two minutes later (-want +got):\n%s", diff)
	}
	sentineltest.WaitFor(t, "the connection to the former peer to be closed", func() bool { _, open := peer.Connections(); return open == 0 })
	given.Set(naming("1", peer.Addr()))
	if diff := cmp.Diff([]string{given.Addr(), peer.Addr()}, who(d.Snapshots(ctx))); diff != "" {
		t.Errorf("named again (-want +got):\n%s", diff)
	}
	given.Close()
	d.AgePeers(2 * time.Minute)
	peer.Close()
	if got := d.Snapshots(ctx); len(got) != 2 {
		t.Errorf("when nobody answers, nobody is forgotten: got %v", who(got))
	}
}

// TestFollowPeersBounded: a Sentinel that names a thousand others.
func TestFollowPeersBounded(t *testing.T) {
	t.Parallel()
	given := sentineltest.RunFake(t, sentineltest.FakeConfig{Peers: 1000, Edit: func(kind, _ string, row sentineltest.Row) sentineltest.Row {
		if kind == "sentinel" {
			return row.With("ip", "127.0.0.1").With("port", fmt.Sprint(1+len(row.Get("name"))%7)).With("ip", "127.0.1."+row.Get("ip")[strings.LastIndex(row.Get("ip"), ".")+1:])
		}
		return row
	}})
	d := following(t, given.Addr())
	if got := d.Snapshots(within(t, 10*time.Second)); len(got) != 65 {
		t.Errorf("got %d snapshots, want 65", len(got))
	}
}

// TestFollowPeersWithCopiedIDs: two processes with one id are two Sentinels, which
// is what an operator must see.
func TestFollowPeersWithCopiedIDs(t *testing.T) {
	t.Parallel()
	cfg := naming("2")
	cfg.ID = strings.Repeat("1", 40)
	peer := sentineltest.RunFake(t, cfg)
	given := sentineltest.RunFake(t, naming("1", peer.Addr()))
	if got := who(following(t, given.Addr()).Snapshots(within(t, 5*time.Second))); len(got) != 2 {
		t.Errorf("got %v", got)
	}
}

// TestFollowPeersConcurrently: rounds that overlap while peers come and go.
func TestFollowPeersConcurrently(t *testing.T) {
	t.Parallel()
	peer := sentineltest.RunFake(t, naming("2"))
	given := sentineltest.RunFake(t, naming("1", peer.Addr()))
	d := following(t, given.Addr())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	done := make(chan struct{})
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for range 25 {
				d.Snapshots(ctx)
				d.AgePeers(2 * time.Minute)
				_, _ = d.DiscoverMaster(ctx, name, deployment.DiscoverOptions{})
			}
		}()
	}
	for i := range 20 {
		if i%2 == 0 {
			given.Set(naming("1"))
		} else {
			given.Set(naming("1", peer.Addr()))
		}
		d.Snapshots(ctx)
	}
	for range 4 {
		<-done
	}
	given.Set(naming("1"))
	d.AgePeers(2 * time.Minute)
	d.Snapshots(ctx)
	sentineltest.WaitFor(t, "the connection to the former peer to be closed", func() bool { _, open := peer.Connections(); return open == 0 })
}
