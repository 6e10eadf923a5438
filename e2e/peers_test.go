package e2e

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// One address is enough for the metrics of all Sentinels, from the first scrape on,
// and for the targets; by IPv6 and by host name as well.
func TestDiscoverPeers(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			topology := sentineltest.Run(t, sentineltest.Config{Host: host, Replicas: 1})
			p := start(t, "--sentinel.address="+topology.SentinelAddrs()[1], "--sentinel.discover-peers")
			scrape := p.mustGet(t, "/metrics")
			for _, address := range topology.SentinelAddrs() {
				if !scrape.has(`redis_sentinel_up{sentinel="` + address + `"} 1`) {
					t.Errorf("%s is not up in:\n%s", address, grep(scrape.body, regexp.MustCompile("^redis_sentinel_up")))
				}
			}
			for role, nodes := range map[string][]string{
				"master":   {topology.Masters[0].Node.Addr()},
				"replica":  {topology.Masters[0].Replicas[0].Addr()},
				"sentinel": topology.SentinelAddrs(),
			} {
				body := p.mustGet(t, "/sd?role="+role).body
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

// What docs/redis-py.md names is there.
func TestMethodsOfTheDocumentation(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/redis-py.md")
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]reflect.Type{
		"Client":          reflect.TypeFor[*sentinel.Client](),
		"Deployment":      reflect.TypeFor[*deployment.Deployment](),
		"DiscoverOptions": reflect.TypeFor[deployment.DiscoverOptions](),
	}
	names := regexp.MustCompile("`(Client|Deployment|DiscoverOptions)\\.([A-Za-z]+)`").FindAllStringSubmatch(string(text), -1)
	if len(names) < 15 {
		t.Errorf("only %d names were found", len(names))
	}
	for _, name := range names {
		of := types[name[1]]
		_, found := of.MethodByName(name[2])
		if of.Kind() == reflect.Struct {
			_, found = of.FieldByName(name[2])
		}
		if !found {
			t.Errorf("there is no %s.%s", name[1], name[2])
		}
	}
}
