package composetest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// root is the directory of the project.
const root = "../.."

// load reads docker-compose.yml as Docker Compose does: it is checked against the
// schema, and for what refers to nothing.
func load(t *testing.T, env ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{root + "/docker-compose.yml"},
		cli.WithName("test"), cli.WithEnv(env), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestServices(t *testing.T) {
	t.Parallel()
	want := []string{
		"alertmanager", "exporter", "grafana", "haproxy", "prometheus", "redis-0", "redis-1", "redis-2", "redis-exporter",
		"sentinel-0", "sentinel-1", "sentinel-2", "webhook",
	}
	if got := slices.Sorted(maps.Keys(load(t).Services)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Nothing here has a password.
func TestPortsAreOnLoopback(t *testing.T) {
	t.Parallel()
	published := map[string]string{}
	for name, service := range load(t).Services {
		if service.NetworkMode != "" {
			t.Errorf("%s has the network mode %q, which may be the machine's", name, service.NetworkMode)
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is published on %q", name, port.Published, port.HostIP)
			}
			published[name+":"+strconv.Itoa(int(port.Target))] = port.Published
		}
	}
	want := map[string]string{
		"exporter:9355": "9355", "prometheus:9090": "9090", "alertmanager:9093": "9093", "grafana:3000": "3000",
		"haproxy:6379": "6379", "haproxy:6380": "6380",
	}
	if !maps.Equal(published, want) {
		t.Errorf("got the ports %v, want %v", published, want)
	}
}

// Who has one of the ports in use takes another.
func TestPortsCanBeMoved(t *testing.T) {
	t.Parallel()
	services := load(t, "EXPORTER_PORT=1", "PROMETHEUS_PORT=2", "ALERTMANAGER_PORT=3", "GRAFANA_PORT=4", "REDIS_PORT=5", "REDIS_READ_PORT=6").Services
	for name, want := range map[string]string{"exporter": "1", "prometheus": "2", "alertmanager": "3", "grafana": "4", "haproxy": "5"} {
		if got := services[name].Ports[0].Published; got != want {
			t.Errorf("%s: got port %s, want %s", name, got, want)
		}
	}
	if got := services["haproxy"].Ports[1].Published; got != "6" {
		t.Errorf("haproxy: got port %s for reads, want 6", got)
	}
}

// What runs today runs tomorrow.
func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	for name, service := range load(t).Services {
		if service.Build != nil {
			continue // its Dockerfile is looked at elsewhere
		}
		if !pinned(service.Image) {
			t.Errorf("%s has the image %q, which is no version", name, service.Image)
		}
	}
}

// What is mounted is there, and nothing can write into the project.
func TestMounts(t *testing.T) {
	t.Parallel()
	mounted := 0
	for name, service := range load(t).Services {
		for _, volume := range service.Volumes {
			mounted++
			if _, err := os.Stat(volume.Source); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if volume.Type != types.VolumeTypeBind || !volume.ReadOnly {
				t.Errorf("%s: %s is a %s, read-only: %t", name, volume.Source, volume.Type, volume.ReadOnly)
			}
		}
	}
	if mounted == 0 {
		t.Error("nothing is mounted")
	}
}

// A path of the command line of Prometheus, or in a file of Grafana, leads to a
// file of the project by a mount.
func TestPathsInContainers(t *testing.T) {
	t.Parallel()
	services := load(t).Services
	prometheus := services["prometheus"]
	var config string
	for _, word := range prometheus.Command {
		if path, ok := strings.CutPrefix(word, "--config.file="); ok {
			config = path
		}
	}
	own := onHost(t, &prometheus, config)
	if want, _ := filepath.Abs(filepath.Join(root, "deploy/prometheus.yml")); own != want {
		t.Errorf("Prometheus reads %s, want %s", own, want)
	}
	var file struct {
		Rules []string `yaml:"rule_files"`
	}
	readYAML(t, own, &file)
	for _, rules := range file.Rules {
		exists(t, onHost(t, &prometheus, filepath.Join(filepath.Dir(config), rules)))
	}
	if len(file.Rules) == 0 {
		t.Error("Prometheus has no rules")
	}
	alertmanager := services["alertmanager"]
	exists(t, onHost(t, &alertmanager, "/etc/alertmanager/alertmanager.yml")) // by its image's own command line
	if len(alertmanager.Command) > 0 {
		t.Errorf("Alertmanager has another command line, %v", alertmanager.Command)
	}
}

// HAProxy's configuration has the names and ports of the services, and is where its image looks for it.
func TestHAProxy(t *testing.T) {
	t.Parallel()
	services := load(t).Services
	balancer := services["haproxy"]
	own := onHost(t, &balancer, "/usr/local/etc/haproxy/haproxy.cfg")
	if want, _ := filepath.Abs(filepath.Join(root, "deploy/haproxy/haproxy.cfg")); own != want {
		t.Fatalf("HAProxy reads %s, want %s", own, want)
	}
	text, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	servers := 0
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[0] != "server" {
			continue
		}
		servers++
		if host, _, _ := strings.Cut(fields[2], ":"); services[host].Name == "" {
			t.Errorf("it talks to %s, which is no service", fields[2])
		}
	}
	if servers != 7 {
		t.Errorf("it has %d servers, want three nodes twice and the exporter", servers)
	}
	if len(balancer.Command) > 0 || len(balancer.Entrypoint) > 0 {
		t.Errorf("it has another command line, %v %v", balancer.Entrypoint, balancer.Command)
	}
}

// onHost returns the file on this machine that a container has at a path.
func onHost(t *testing.T, service *types.ServiceConfig, path string) string {
	t.Helper()
	for _, volume := range service.Volumes {
		if rest, ok := strings.CutPrefix(path, volume.Target); ok && (rest == "" || rest[0] == '/') {
			return volume.Source + rest
		}
	}
	t.Errorf("%s has nothing at %q", service.Name, path)
	return ""
}

func exists(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// The exporter may do nothing but talk, and its health check, which is the
// Dockerfile's, has the Sentinels from the environment.
func TestExporter(t *testing.T) {
	t.Parallel()
	exporter := load(t).Services["exporter"]
	if !exporter.ReadOnly || !slices.Equal(exporter.CapDrop, []string{"ALL"}) || exporter.Privileged || len(exporter.CapAdd) > 0 ||
		!slices.Contains(exporter.SecurityOpt, "no-new-privileges:true") {
		t.Errorf("it is not confined: %+v", exporter)
	}
	if exporter.User != "" || len(exporter.Command) > 0 || len(exporter.Entrypoint) > 0 {
		t.Errorf("it is not as the Dockerfile has it: user %q, command %q, entry point %q", exporter.User, exporter.Command, exporter.Entrypoint)
	}
	if check := exporter.HealthCheck; check == nil || check.Disable || len(check.Test) > 0 {
		t.Errorf("its health check is not the Dockerfile's: %+v", check)
	}
	addresses := exporter.Environment["REDIS_SENTINEL_EXPORTER_SENTINEL_ADDRESS"]
	if addresses == nil || *addresses != "sentinel-0:26379,sentinel-1:26379,sentinel-2:26379" {
		t.Errorf("it asks %v", addresses)
	}
}
