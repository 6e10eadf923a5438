package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/internal/sentineltest"
)

// What must be seen nowhere.
const (
	adminPassword = "canary-admin-password"
	authPass      = "canary-auth-pass"
)

// The bcrypt hash of adminPassword.
const adminUsers = "basic_auth_users:\n  operator: $2a$04$vpVIiqQab1IAM6HMPRBNN.I6INcS4gt4ZAPHTvw3eDpVvShYyE/6G\n"

// An adminRig is the exporter with its write path on, before real Sentinels.
type adminRig struct {
	*sentineltest.Topology
	*program
	t    *testing.T
	url  string // of the admin listener
	said strings.Builder
}

func configFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "admin.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func newAdminRig(t *testing.T, cfg sentineltest.Config) *adminRig {
	t.Helper()
	r := &adminRig{Topology: sentineltest.Run(t, cfg), t: t}
	address := sentineltest.FreeAddr(t)
	r.url = "http://" + address
	r.program = start(t, "--sentinel.address="+strings.Join(r.ClientAddrs(), ","), "--log.level=debug",
		"--admin.listen-address="+address, "--admin.config.file="+configFile(t, adminUsers))
	waitFor(t, "the admin listener", func() bool { return strings.Contains(r.stderr.String(), "The admin listener is open") })
	return r
}

// A call is one to the admin listener.
type call struct {
	method, path, body string
	contentType        string // of JSON when empty
	user               string // operator when empty
	password           string
	headers            []string // key, value, ...
}

func (r *adminRig) send(c call) (status int, body string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), c.method, r.url+c.path, strings.NewReader(c.body))
	if err != nil {
		r.t.Fatal(err)
	}
	if c.contentType == "" && c.body != "" {
		c.contentType = "application/json"
	}
	if c.contentType != "" {
		request.Header.Set("Content-Type", c.contentType)
	}
	if c.user == "" {
		c.user, c.password = "operator", adminPassword
	}
	request.SetBasicAuth(c.user, c.password)
	for i := 0; i < len(c.headers); i += 2 {
		request.Header.Set(c.headers[i], c.headers[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	r.said.Write(text)
	return response.StatusCode, string(text)
}

// ask wants a status and reads the answer.
func (r *adminRig) ask(status int, method, path, body string) *admin.Answer {
	r.t.Helper()
	got, text := r.send(call{method: method, path: path, body: body})
	if got != status {
		r.t.Errorf("%s %s %s: got %d, want %d:\n%s", method, path, body, got, status, text)
	}
	var answer admin.Answer
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&answer); err != nil {
		r.t.Errorf("%s %s: %v:\n%s", method, path, err, text)
	}
	return &answer
}

// shows are the values that the Sentinels have of a field of SENTINEL MASTER; ""
// where they do not know the name, or do not answer.
func shows(t *testing.T, topology *sentineltest.Topology, master, field string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	values := make([]string, len(topology.Sentinels))
	for i, s := range topology.Sentinels {
		if row, err := s.Row(ctx, "SENTINEL", "MASTER", master); err == nil {
			values[i] = row.Get(field)
		}
	}
	return values
}

func (r *adminRig) shows(master, field string, want ...string) {
	r.t.Helper()
	if len(want) == 1 {
		want = []string{want[0], want[0], want[0]}
	}
	if got := shows(r.t, r.Topology, master, field); !slices.Equal(got, want) {
		r.t.Errorf("the Sentinels have %s of %s %q, want %q", field, master, got, want)
	}
}

// changes are the events in the Sentinels' own logs that a writing command makes.
func changes(t *testing.T, topology *sentineltest.Topology) []string {
	t.Helper()
	var found []string
	for _, s := range topology.Sentinels {
		log, err := s.Log()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(log) {
			for _, event := range []string{"+set ", "-monitor ", "+reset-master ", "+try-failover ", "+new-epoch "} {
				if strings.Contains(line, event) {
					found = append(found, s.Name()+": "+strings.TrimSpace(line))
				}
			}
		}
	}
	return found
}

// audits are the lines of the log on calls.
func (r *adminRig) audits() []string { return audits(r.stderr.String()) }

func audits(log string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, `msg="Admin call"`) {
			lines = append(lines, line)
		}
	}
	return lines
}
