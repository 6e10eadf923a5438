package e2e_test

import (
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// One address is enough for the metrics of all Sentinels, from the first scrape on,
// and for the targets; by IPv6 and by host name as well.
func TestDiscoverPeers(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			topology := sentineltest.Run(t, sentineltest.Config{Host: host, Replicas: 1})
			p := exportertest.Start(t, "--sentinel.address="+topology.SentinelAddrs()[1], "--sentinel.discover-peers")
			scrape := p.MustGet(t, "/metrics")
			for _, address := range topology.SentinelAddrs() {
				if !scrape.Has(`redis_sentinel_up{sentinel="` + address + `"} 1`) {
					t.Errorf("%s is not up in:\n%s", address, scrape.Body)
				}
			}
			first := "--sentinel.address=" + topology.SentinelAddrs()[0]
			want := topology.Masters[0].Node.Addr() + "\n"
			if stdout, stderr, status := exportertest.Output(t, first, "--sentinel.discover-peers", "discover", "master", "mymaster", "--min-other-sentinels=2"); status != 0 || stdout != want {
				t.Errorf("discover: got %d, %q, %q; want %q", status, stdout, stderr, want)
			}
			for role, nodes := range map[string][]string{
				"master":   {topology.Masters[0].Node.Addr()},
				"replica":  {topology.Masters[0].Replicas[0].Addr()},
				"sentinel": topology.SentinelAddrs(),
			} {
				body := p.MustGet(t, "/sd?role="+role).Body
				if n := strings.Count(body, `"targets"`); n != len(nodes) {
					t.Errorf("%s: %d targets in\n%s", role, n, body)
				}
				for _, address := range nodes {
					if !strings.Contains(body, `"`+address+`"`) {
						t.Errorf("%s: %s is not in\n%s", role, address, body)
					}
				}
			}
		})
	}
}
