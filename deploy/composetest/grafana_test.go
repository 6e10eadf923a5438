package composetest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"
)

const provisioning = root + "/deploy/grafana/provisioning"

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if err := yaml.NewDecoder(file).Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// Grafana reads the provisioning where it looks for it, and finds the dashboards.
func TestDashboardsAreProvisioned(t *testing.T) {
	t.Parallel()
	grafana := load(t).Services["grafana"]
	if got, _ := filepath.Abs(provisioning); onHost(t, &grafana, "/etc/grafana/provisioning") != got {
		t.Errorf("the mounts are %v", grafana.Volumes)
	}
	var file struct {
		Version   int `yaml:"apiVersion"`
		Providers []struct {
			Name, Type string
			Options    struct{ Path string }
		}
	}
	readYAML(t, provisioning+"/dashboards/redis_sentinel.yml", &file)
	if file.Version != 1 || len(file.Providers) != 1 || file.Providers[0].Type != "file" || file.Providers[0].Name == "" {
		t.Fatalf("got %+v", file)
	}
	got := onHost(t, &grafana, file.Providers[0].Options.Path)
	if want, _ := filepath.Abs(filepath.Join(root, "dashboards")); got != want {
		t.Errorf("the dashboards are taken from %s, want %s", got, want)
	}
	home := grafana.Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
	if home == nil || onHost(t, &grafana, *home) != filepath.Join(got, "overview.json") {
		t.Errorf("the first to be seen is %v", home)
	}
	exists(t, filepath.Join(got, "overview.json"))
}

// The data source is the Prometheus of the stack, at its port in there.
func TestDataSourceIsProvisioned(t *testing.T) {
	t.Parallel()
	type source struct {
		Name, Type, Access, URL string
		Default                 bool              `yaml:"isDefault"`
		Options                 map[string]string `yaml:"jsonData"`
	}
	var file struct {
		Version int      `yaml:"apiVersion"`
		Sources []source `yaml:"datasources"`
	}
	readYAML(t, provisioning+"/datasources/prometheus.yml", &file)
	if file.Version != 1 || len(file.Sources) != 1 {
		t.Fatalf("got %+v", file)
	}
	if got := file.Sources[0]; got.Type != "prometheus" || got.Access != "proxy" || got.URL != "http://prometheus:9090" || !got.Default {
		t.Errorf("got %+v", got)
	}
	if _, there := load(t).Services["prometheus"]; !there {
		t.Error("there is no service prometheus")
	}
	var config struct {
		Global struct {
			Interval string `yaml:"scrape_interval"`
		}
	}
	readYAML(t, root+"/deploy/prometheus.yml", &config)
	if got := file.Sources[0].Options["timeInterval"]; got != config.Global.Interval {
		t.Errorf("it counts on a sample every %s, Prometheus takes one every %s", got, config.Global.Interval)
	}
}

// hosts returns those in the addresses and URLs of a file, host:port.
func hosts(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, match := range regexp.MustCompile(`(?m)^[^#]*?([a-z][a-z0-9_-]*):\d{2,5}\b`).FindAllSubmatch(text, -1) {
		list = append(list, string(match[1]))
	}
	return list
}

// The hosts that Prometheus and Alertmanager talk to are services.
func TestHostsAreServices(t *testing.T) {
	t.Parallel()
	project := load(t)
	for _, name := range []string{"deploy/prometheus.yml", "deploy/alertmanager.yml"} {
		hosts := hosts(t, filepath.Join(root, name))
		if len(hosts) == 0 {
			t.Errorf("%s names no host", name)
		}
		for _, host := range hosts {
			if !slices.Contains(project.ServiceNames(), host) {
				t.Errorf("%s has the host %q, which is no service", name, host)
			}
		}
	}
}
