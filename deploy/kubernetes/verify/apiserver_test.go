//go:build apiserver

package verify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

var (
	apiserverProgram = flag.String("apiserver", "", "a kube-apiserver")
	etcdProgram      = flag.String("etcd", "", "an etcd, which it keeps its objects in")
	crds             = flag.String("crds", "", "the directory with the resource definitions of Prometheus' operator")
)

// TestAcceptedByAPIServer gives a real kube-apiserver all that the chart makes of each set of values, and the
// kustomize files: it validates them as in a cluster, and refuses fields that it does not know. The Deployments are
// upgrades of the one that the chart makes by default.
func TestAcceptedByAPIServer(t *testing.T) {
	s := startAPIServer(t)
	for _, name := range []string{"monitoring", "grafana"} { // the second is what values for the dashboards name
		s.make(t, "Namespace", fmt.Sprintf(`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": %q}}`, name))
	}
	files, err := filepath.Glob(filepath.Join(*crds, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no resource definitions in %s (%v)", *crds, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s.make(t, file, string(text))
	}
	s.serve(t, "ServiceMonitor", "PodMonitor", "Probe", "PrometheusRule", "ScrapeConfig")
	c := loadChart(t)
	installed, err := render(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range installed {
		if filepath.Base(file) == "deployment.yaml" {
			s.make(t, "the defaults", text)
		}
	}
	seen := map[string]int{}
	for name, values := range cases(t) {
		r, err := render(c, values)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range slices.Sorted(maps.Keys(r)) {
			if !strings.HasSuffix(file, ".yaml") {
				continue
			}
			for _, object := range documents(r[file]) {
				seen[s.apply(t, name+": "+filepath.Base(file), object)]++
			}
		}
	}
	s.remove(t, "/apis/apps/v1/namespaces/monitoring/deployments/redis-sentinel-exporter") // kustomize has other labels to select by
	for _, dir := range []string{"..", "../sharded"} {
		all := buildFrom(t, dir)
		for _, r := range all.Resources() {
			text, err := r.AsYAML()
			if err != nil {
				t.Fatal(err)
			}
			seen[s.apply(t, dir, string(text))]++
		}
	}
	t.Logf("accepted: %v", seen)
	for _, kind := range []string{"Deployment", "StatefulSet", "Service", "ServiceAccount", "ConfigMap", "NetworkPolicy", "PodDisruptionBudget", "ServiceMonitor", "PodMonitor", "Probe", "PrometheusRule", "ScrapeConfig"} {
		if seen[kind] == 0 {
			t.Errorf("no %s was among them", kind)
		}
	}
	if err := s.try(`{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "monitoring"}, "spec": {"prots": []}}`, dryRun); err == nil {
		t.Error("a misspelled field was accepted")
	}
}

// documents cuts a file of YAML up, and leaves empty documents out.
func documents(text string) []string {
	var all []string
	for part := range strings.SplitSeq("\n"+text, "\n---\n") {
		var object map[string]any
		if yaml.Unmarshal([]byte(part), &object) != nil || len(object) > 0 { // what is no YAML is for the server to refuse
			all = append(all, part)
		}
	}
	return all
}

// An apiServer is a kube-apiserver with an etcd, without anything that would act on its objects.
type apiServer struct {
	url    string
	client *http.Client
}

const apiToken = "of-this-test"

func startAPIServer(t *testing.T) *apiServer {
	t.Helper()
	dir := t.TempDir()
	peers, clients, port := freePort(t), freePort(t), freePort(t)
	etcd := "http://127.0.0.1:" + clients
	run(t, *etcdProgram, "--data-dir="+dir+"/etcd", "--listen-client-urls="+etcd, "--advertise-client-urls="+etcd, "--listen-peer-urls=http://127.0.0.1:"+peers,
		"--initial-advertise-peer-urls=http://127.0.0.1:"+peers, "--initial-cluster=default=http://127.0.0.1:"+peers, "--log-level=error")
	key, tokens := dir+"/key.pem", dir+"/tokens.csv"
	secret, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(secret)}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(tokens, []byte(apiToken+",admin,1,system:masters\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, *apiserverProgram, "--etcd-servers="+etcd, "--secure-port="+port, "--bind-address=127.0.0.1", "--cert-dir="+dir+"/certificates", "--token-auth-file="+tokens,
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+key, "--service-account-signing-key-file="+key,
		"--service-cluster-ip-range=10.0.0.0/24", "--authorization-mode=RBAC", "--v=0")
	s := &apiServer{
		url: "https://127.0.0.1:" + port,
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // it has just made its certificate
		}},
	}
	t.Cleanup(s.client.CloseIdleConnections)
	s.until(t, "it is ready", func() error {
		_, err := s.ask(t.Context(), http.MethodGet, "/readyz", "")
		return err
	})
	return s
}

// run runs a program until the test has ended.
func run(t *testing.T, program string, args ...string) {
	t.Helper()
	var log bytes.Buffer
	cmd := exec.Command(program, args...) //nolint:gosec // whoever runs the test chooses it
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: `make apiserver-test` builds it", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", program, log.Bytes()[max(0, log.Len()-4096):])
		}
	})
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// until tries something again until it succeeds.
func (s *apiServer) until(t *testing.T, what string, try func() error) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it did not happen that %s: %v", what, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// ask sends a request, and returns the answer if it is a good one.
func (s *apiServer) ask(ctx context.Context, method, path, body string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+apiToken)
	r.Header.Set("Content-Type", "application/apply-patch+yaml")
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= http.StatusMultipleChoices {
		var status struct{ Message string }
		_ = json.Unmarshal(text, &status)
		err = fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, status.Message)
	}
	return text, err
}

// plural is how objects of a kind are called in a path.
func plural(kind string) string {
	word := strings.ToLower(kind)
	if kind == "NetworkPolicy" {
		return "networkpolicies"
	}
	return word + "s"
}

// try applies an object as `kubectl apply --server-side --validate=strict` does, with what --dry-run=server adds if only that
// is wanted.
func (s *apiServer) try(object, dryRun string) error {
	var o struct {
		APIVersion, Kind string
		Metadata         struct{ Name, Namespace string }
	}
	if err := yaml.Unmarshal([]byte(object), &o); err != nil {
		return err
	}
	path := "/apis/" + o.APIVersion
	if !strings.Contains(o.APIVersion, "/") {
		path = "/api/" + o.APIVersion
	}
	if o.Kind != "Namespace" && o.Kind != "CustomResourceDefinition" {
		path += "/namespaces/" + cmp.Or(o.Metadata.Namespace, "monitoring") // that of the release
	}
	path += "/" + plural(o.Kind) + "/" + o.Metadata.Name
	_, err := s.ask(context.Background(), http.MethodPatch, path+"?fieldManager=test&force=true&fieldValidation=Strict"+dryRun, object)
	return err
}

const dryRun = "&dryRun=All"

// apply gives an object that must be accepted, and returns its kind. It is not kept: what one set of values makes is no change of
// what another one has made.
func (s *apiServer) apply(t *testing.T, where, object string) string {
	t.Helper()
	if err := s.try(object, dryRun); err != nil {
		t.Errorf("%s: %v in\n%s", where, err, object)
	}
	var o struct{ Kind string }
	if err := yaml.Unmarshal([]byte(object), &o); err != nil {
		t.Fatal(err)
	}
	return o.Kind
}

// make makes an object.
func (s *apiServer) make(t *testing.T, where, object string) {
	t.Helper()
	if err := s.try(object, ""); err != nil {
		t.Fatalf("%s: %v", where, err)
	}
}

// remove removes an object, given by its path.
func (s *apiServer) remove(t *testing.T, path string) {
	t.Helper()
	if _, err := s.ask(t.Context(), http.MethodDelete, path, ""); err != nil {
		t.Fatal(err)
	}
}

// serve waits until objects of the kinds that Prometheus' operator defines can be made.
func (s *apiServer) serve(t *testing.T, kinds ...string) {
	t.Helper()
	for _, kind := range kinds {
		version := "v1"
		if kind == "ScrapeConfig" {
			version = "v1alpha1"
		}
		s.until(t, kind+" is there", func() error {
			_, err := s.ask(t.Context(), http.MethodGet, "/apis/monitoring.coreos.com/"+version+"/namespaces/monitoring/"+plural(kind), "")
			return err
		})
	}
}
