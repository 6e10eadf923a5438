//go:build compose

package composetest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience is how long anything may take on a busy machine.
const patience = 5 * time.Minute

// A stack is that of docker-compose.yml without Grafana, running.
type stack struct {
	*engine
	compose []string          // the program, with its first arguments
	urls    map[string]string // by service
	redis   string            // where HAProxy leads to the master
}

// up builds what is built, and starts it; the test's end removes it.
func (e *engine) up(t *testing.T) *stack {
	t.Helper()
	s := &stack{engine: e, compose: []string{"docker-compose"}, urls: map[string]string{}}
	if _, err := e.try(t.Context(), "docker", "compose", "version"); err == nil {
		s.compose = []string{"docker", "compose"}
	}
	for _, service := range []string{"exporter", "prometheus", "alertmanager", "grafana"} {
		address := freeAddress(t)
		_, port, _ := net.SplitHostPort(address)
		s.urls[service] = "http://" + address
		s.env = append(s.env, strings.ToUpper(service)+"_PORT="+port)
	}
	s.redis = freeAddress(t)
	_, port, _ := net.SplitHostPort(s.redis)
	_, readPort, _ := net.SplitHostPort(freeAddress(t))
	s.env = append(s.env, "REDIS_PORT="+port, "REDIS_READ_PORT="+readPort)
	build := []string{"build"}
	for _, name := range []string{"VERSION", "REVISION", "BRANCH", "BUILD_DATE"} {
		build = append(build, "--build-arg", name+"="+os.Getenv(name))
	}
	s.docker(t, append(build, "exporter", "webhook")...)
	services := load(t).ServiceNames()
	services = slices.DeleteFunc(services, func(name string) bool { return name == "grafana" })
	t.Cleanup(func() {
		if t.Failed() {
			logs, _ := s.tryDocker("logs", "--no-color", "--tail=15")
			t.Logf("the ends of the logs:\n%s", logs)
		}
		if out, err := s.tryDocker("down", "--volumes", "--timeout=5"); err != nil {
			t.Errorf("it cannot be removed: %v\n%s", err, out)
		}
	})
	s.docker(t, append([]string{"up", "--detach"}, services...)...)
	return s
}

// docker runs Docker Compose.
func (s *stack) docker(t *testing.T, args ...string) string {
	t.Helper()
	return s.run(t, s.compose[0], slices.Concat(s.compose[1:], args)...)
}

// tryDocker is docker that may fail, and after the test's end.
func (s *stack) tryDocker(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return s.try(ctx, s.compose[0], slices.Concat(s.compose[1:], args)...)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// get returns what a service answers, and 0 if it does not.
func (s *stack) get(ctx context.Context, service, path string) (status int, body []byte) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.urls[service]+path, nil)
	if err != nil {
		return 0, nil
	}
	request.Close = true // no idle connection stays behind
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = response.Body.Close() }()
	body, _ = io.ReadAll(response.Body)
	return response.StatusCode, body
}

// values returns what Prometheus has for an expression, by the labels that are
// named, with blanks between.
func (s *stack) values(t *testing.T, expr string, labels ...string) map[string]string {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	_, body := s.get(t.Context(), "prometheus", "/api/v1/query?query="+url.QueryEscape(expr))
	_ = json.Unmarshal(body, &answer) // no answer has no values
	values := map[string]string{}
	for _, r := range answer.Data.Result {
		var key []string
		for _, label := range labels {
			key = append(key, r.Metric[label])
		}
		values[strings.Join(key, " ")] = fmt.Sprint(r.Value[1])
	}
	return values
}

// inspect returns what the engine says of the container of a service.
func (s *stack) inspect(t *testing.T, service, format string) string {
	t.Helper()
	id := strings.TrimSpace(s.docker(t, "ps", "--quiet", service))
	return strings.TrimSpace(s.run(t, "docker", "inspect", "--format="+format, id))
}

// health returns the verdict on the deployment.
func (s *stack) health(t *testing.T) (status int, verdict string) {
	t.Helper()
	status, body := s.get(t.Context(), "exporter", "/health")
	var report struct{ Status string }
	_ = json.Unmarshal(body, &report) // no answer has no verdict
	return status, report.Status
}

// isWell waits until the deployment is well, and the exporter's health check says
// so, too.
func (s *stack) isWell(t *testing.T) {
	t.Helper()
	eventually(t, "/health says ok", patience, func() bool {
		status, verdict := s.health(t)
		return status == http.StatusOK && verdict == "ok"
	})
	s.healthIs(t, "healthy")
}

func (s *stack) healthIs(t *testing.T, want string) {
	t.Helper()
	eventually(t, "the exporter's container is "+want, patience, func() bool {
		return s.inspect(t, "exporter", "{{.State.Health.Status}}") == want
	})
}

// master returns the master's address, which the exporter knows.
func (s *stack) master(t *testing.T) string {
	t.Helper()
	_, body := s.get(t.Context(), "exporter", "/sd?role=master")
	var groups []struct{ Targets []string }
	if err := json.Unmarshal(body, &groups); err != nil || len(groups) != 1 || len(groups[0].Targets) != 1 {
		return ""
	}
	return groups[0].Targets[0]
}

// TestStack starts it all and looks at it, well and ill. The parts follow each
// other: each leaves the stack well.
func TestStack(t *testing.T) {
	e := startEngine(t)
	e.makeImages(t)
	s := e.up(t)
	t.Logf("it runs %s", s.docker(t, "ps"))
	s.isWell(t)
	t.Run("the image has the very binary", s.testImage)
	t.Run("it is confined", s.testConfined)
	t.Run("all targets are up", s.testTargets)
	s.leadsTo(t, s.master(t))
	t.Run("the master hangs", s.testMasterHangs)
	t.Run("the quorum is lost", s.testQuorumLost)
}

// Built elsewhere by the Dockerfile, it is the same, byte by byte, as what `make
// build` has made here.
func (s *stack) testImage(t *testing.T) {
	copied := filepath.Join(t.TempDir(), "exporter")
	s.run(t, "docker", "cp", strings.TrimSpace(s.docker(t, "ps", "--quiet", "exporter"))+":/redis_sentinel_exporter", copied)
	got, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(root + "/redis_sentinel_exporter")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("they differ: %s\nand %s", command(t, copied, "--version"), command(t, absolute(t, root+"/redis_sentinel_exporter"), "--version"))
	}
	if version := command(t, copied, "--version"); os.Getenv("VERSION") == "" || !strings.Contains(version, "version "+os.Getenv("VERSION")+" ") {
		t.Errorf("$VERSION is %q, and it is\n%s", os.Getenv("VERSION"), version)
	}
}

// What the kernel says of the processes, not what the engine was told.
func (s *stack) testConfined(t *testing.T) {
	for _, service := range []string{"exporter", "webhook"} {
		status := s.proc(t, service, "status")
		for _, line := range []string{"Uid:\t65532\t65532\t65532\t65532", "NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000"} {
			if !strings.Contains(status, "\n"+line+"\n") {
				t.Errorf("%s: there is no %q in\n%s", service, line, status)
			}
		}
		if mounts := s.proc(t, service, "mountinfo"); !regexp.MustCompile(`(?m)^\S+ \S+ \S+ \S+ / ro,`).MatchString(mounts) {
			t.Errorf("%s: its root can be written to:\n%s", service, mounts)
		}
	}
	for _, service := range []string{"redis-0", "sentinel-0", "redis-exporter", "prometheus", "alertmanager"} {
		if strings.Contains(s.proc(t, service, "status"), "\nUid:\t0\t") {
			t.Errorf("%s runs as root", service)
		}
	}
}

// proc returns a file of /proc about the first process of a service.
func (s *stack) proc(t *testing.T, service, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", s.inspect(t, service, "{{.State.Pid}}"), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Prometheus has the exporter, and every Redis node through redis_exporter, whose
// targets it has from /sd.
func (s *stack) testTargets(t *testing.T) {
	want := map[string]string{
		"redis_sentinel exporter:9355": "1",
		"redis redis-0:6379":           "1", "redis redis-1:6379": "1", "redis redis-2:6379": "1",
	}
	s.has(t, "up", want, "job", "instance")
	delete(want, "redis_sentinel exporter:9355")
	s.has(t, "redis_up", want, "job", "instance")
	s.has(t, "redis_sentinel_up", map[string]string{"sentinel-0:26379": "1", "sentinel-1:26379": "1", "sentinel-2:26379": "1"}, "sentinel")
	s.has(t, "redis_sentinel_event_stream_up", map[string]string{"sentinel-0:26379": "1", "sentinel-1:26379": "1", "sentinel-2:26379": "1"}, "sentinel")
}

// has waits until Prometheus has these values and no others.
func (s *stack) has(t *testing.T, expr string, want map[string]string, labels ...string) {
	t.Helper()
	var got map[string]string
	if !until(t.Context(), patience, func() bool {
		got = s.values(t, expr, labels...)
		return maps.Equal(got, want)
	}) {
		t.Fatalf("%s: got %v, want %v", expr, got, want)
	}
}

// A failover: Sentinel replaces the master, which everybody hears of, and takes it
// back as a replica.
func (s *stack) testMasterHangs(t *testing.T) {
	before := s.master(t)
	mend := s.breaks(t, "master-hangs")
	eventually(t, "another node is the master", patience, func() bool { now := s.master(t); return now != "" && now != before })
	eventually(t, "/health says warning: a replica is down, the old master", patience, func() bool {
		status, verdict := s.health(t)
		return status == http.StatusOK && verdict == "warning"
	})
	s.healthIs(t, "healthy") // no more than a warning
	now := s.master(t)
	s.leadsTo(t, now)
	s.has(t, `up{job="redis"} and on (instance) redis_instance_info{role="master"}`, map[string]string{now: "1"}, "instance")
	s.told(t, "information firing   RedisSentinelFailoverHappened {job=redis_sentinel, master_name=mymaster}")
	mend()
	s.isWell(t)
	if again := s.master(t); again != now {
		t.Errorf("the master is %s, not %s", again, now)
	}
	s.has(t, `redis_up and on (instance) redis_instance_info{role="slave"}`, s.replicas(now), "instance")
}

// leadsTo waits until HAProxy leads to a node.
func (s *stack) leadsTo(t *testing.T, node string) {
	t.Helper()
	host, _, _ := net.SplitHostPort(node)
	eventually(t, "HAProxy leads to "+node, patience, func() bool {
		conn, err := net.DialTimeout("tcp", s.redis, time.Second)
		if err != nil {
			return false
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
		if _, err := io.WriteString(conn, "CONFIG GET replica-announce-ip\r\nQUIT\r\n"); err != nil {
			return false
		}
		reply, _ := io.ReadAll(conn)
		return strings.Contains(string(reply), "\r\n"+host+"\r\n")
	})
}

func (s *stack) replicas(master string) map[string]string {
	all := map[string]string{"redis-0:6379": "1", "redis-1:6379": "1", "redis-2:6379": "1"}
	delete(all, master)
	return all
}

// A page.
func (s *stack) testQuorumLost(t *testing.T) {
	mend := s.breaks(t, "quorum-lost")
	eventually(t, "/health says that it is critical", patience, func() bool {
		status, verdict := s.health(t)
		return status == http.StatusServiceUnavailable && verdict == "critical"
	})
	s.healthIs(t, "unhealthy")
	s.told(t, "page firing   RedisSentinelBelowMajority {job=redis_sentinel}")
	mend()
	s.isWell(t)
	s.told(t, "page resolved RedisSentinelBelowMajority {job=redis_sentinel}")
}

// told waits for a line in the log of the webhook.
func (s *stack) told(t *testing.T, want string) {
	t.Helper()
	var log string
	if !until(t.Context(), patience, func() bool {
		log = s.docker(t, "logs", "--no-color", "webhook")
		return strings.Contains(log, want)
	}) {
		t.Fatalf("nobody was told %q:\n%s", want, log)
	}
}

// breaks runs `make compose-faults` with one fault until that is broken, and
// returns what presses Enter and waits until it is mended.
func (s *stack) breaks(t *testing.T, fault string) (mend func()) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "faults")
	s.run(t, "go", "build", "-buildvcs=false", "-o", program, "./deploy/compose/faults")
	cmd := exec.CommandContext(t.Context(), program, fault)
	cmd.Dir, cmd.Env, cmd.Stderr = root, append(s.env, "COMPOSE="+strings.Join(s.compose, " ")), os.Stderr
	enter, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	broken := false
	for !broken && lines.Scan() {
		t.Log(lines.Text())
		broken = strings.HasPrefix(lines.Text(), "Enter")
	}
	if !broken {
		t.Fatalf("it did not break: %v", cmd.Wait())
	}
	return func() {
		_, _ = io.WriteString(enter, "\n")
		for lines.Scan() {
			t.Log(lines.Text())
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("it could not be mended: %v", err)
		}
	}
}
