package e2e_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// authPass must be seen nowhere, nor must exportertest.AdminPassword.
const authPass = "canary-auth-pass"

// An adminRig is the exporter with its write path on, before real Sentinels.
type adminRig struct {
	*sentineltest.Topology
	*exportertest.Exporter
	t        *testing.T
	adminURL string
	said     strings.Builder // all answers
}

func newAdminRig(t *testing.T, cfg sentineltest.Config, flags ...string) *adminRig {
	t.Helper()
	r := &adminRig{Topology: sentineltest.Run(t, cfg), t: t}
	flags = append(flags, "--sentinel.address="+strings.Join(r.ClientAddrs(), ","), "--log.level=debug")
	e, address := exportertest.StartAdmin(t, exportertest.TempFile(t, exportertest.AdminUsers), flags...)
	r.Exporter, r.adminURL = e, "http://"+address
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
	request, err := http.NewRequestWithContext(r.t.Context(), c.method, r.adminURL+c.path, strings.NewReader(c.body))
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
		c.user, c.password = "operator", exportertest.AdminPassword
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
func (r *adminRig) ask(status int, method, path, body string) *admin.OperationResult {
	r.t.Helper()
	got, text := r.send(call{method: method, path: path, body: body})
	if got != status {
		r.t.Errorf("%s %s %s: got %d, want %d:\n%s", method, path, body, got, status, text)
	}
	var answer admin.OperationResult
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&answer); err != nil {
		r.t.Errorf("%s %s: %v:\n%s", method, path, err, text)
	}
	return &answer
}

// shows wants the Sentinels to have these values of a field of a master; one is that of all.
func (r *adminRig) shows(master, field string, want ...string) {
	r.t.Helper()
	if len(want) == 1 {
		want = slices.Repeat(want, len(r.Sentinels))
	}
	if got := r.MasterField(r.t.Context(), master, field); !slices.Equal(got, want) {
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
func (r *adminRig) audits() []string { return audits(r.Stderr.String()) }

func audits(log string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, `msg="Admin call"`) {
			lines = append(lines, line)
		}
	}
	return lines
}
