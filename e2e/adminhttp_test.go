package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

func methods() []string {
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "SET",
	}
}

// writePaths are those of the admin listener, for a real master.
func writePaths() []string {
	return []string{
		"/api/v1/masters/mymaster/failover", "/api/v1/masters/mymaster/reset", "/api/v1/masters/mymaster", "/api/v1/flush-config",
	}
}

// TestNoWayToWriteWithoutAdmin walks every route of the metrics listener with
// every method: with and without an admin listener beside it.
func TestNoWayToWriteWithoutAdmin(t *testing.T) {
	t.Parallel()
	with := newAdminRig(t, sentineltest.Config{Replicas: 1})
	without := exportertest.Start(t, "--sentinel.address="+strings.Join(with.ClientAddrs(), ","))
	paths := append(writePaths(), "/", "/metrics", "/sd", "/-/healthy", "/-/ready", "/api", "/api/v1", "/-/reload", "/-/quit")
	for _, p := range []*exportertest.Exporter{with.Exporter, without} {
		for _, path := range paths {
			for _, method := range methods() {
				c := &adminRig{t: t, adminURL: p.URL}
				status, body := c.send(call{method: method, path: path, body: `{"quorum":1}`})
				read := (method == http.MethodGet || method == http.MethodHead) && !strings.HasPrefix(path, "/api")
				if !read && status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
					t.Errorf("%s %s on the metrics listener: got %d %s", method, path, status, body)
				}
			}
		}
	}
	if found := changes(t, with.Topology); found != nil {
		t.Errorf("the Sentinels were changed:\n%s", strings.Join(found, "\n"))
	}
	with.shows("mymaster", "quorum", "2")
	if got := audits(without.Stderr.String() + with.Stderr.String()); got != nil {
		t.Errorf("got audit lines: %s", got)
	}
	if body := without.MustGet(t, "/metrics").Body; strings.Contains(body, "_admin_") {
		t.Error("there are metrics of a write path that is not there")
	}
	// The same call does write on the admin listener: the walk was not blind.
	with.ask(http.StatusOK, http.MethodPatch, "/api/v1/masters/mymaster", `{"quorum":1}`)
	with.shows("mymaster", "quorum", "1")
}

// TestAdminNeedsAuthentication: one line why, and nothing listens.
func TestAdminNeedsAuthentication(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := newCertificate(t, dir)
	tls := "tls_server_config:\n  cert_file: " + c.cert + "\n  key_file: " + c.key + "\n"
	for what, config := range map[string]string{
		"an empty file":                  "",
		"no users":                       "basic_auth_users: {}\n",
		"TLS only":                       tls,
		"certificates asked for":         tls + "  client_auth_type: RequestClientCert\n  client_ca_file: " + c.cert + "\n",
		"certificates of anybody":        tls + "  client_auth_type: RequireAnyClientCert\n",
		"certificates if given":          tls + "  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: " + c.cert + "\n",
		"certificates of any authority":  tls + "  client_auth_type: RequireAndVerifyClientCert\n",
		"a password that is not hashed":  "basic_auth_users:\n  operator: " + exportertest.AdminPassword + "\n",
		"a setting that there is not":    exportertest.AdminUsers + "no_such: 1\n",
		"client certificates in capital": tls + "  client_auth_type: REQUIREANDVERIFYCLIENTCERT\n  client_ca_file: " + c.cert + "\n",
	} {
		address := sentineltest.FreeAddr(t)
		_, stderr, status := exportertest.Output(t, "--web.listen-address="+sentineltest.FreeAddr(t), "--admin.listen-address="+address, "--admin.config.file="+exportertest.TempFile(t, config))
		if status != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "--admin.config.file: ") || strings.Contains(stderr, exportertest.AdminPassword) {
			t.Errorf("%s: got %d %q", what, status, stderr)
		}
	}
	for _, args := range [][]string{
		{"--admin.listen-address=" + sentineltest.FreeAddr(t)},
		{"--admin.listen-address=" + sentineltest.FreeAddr(t), "--admin.config.file=/no/such/file"},
		{"--admin.config.file=" + exportertest.TempFile(t, exportertest.AdminUsers)},
	} {
		_, stderr, status := exportertest.Output(t, append(args, "--web.listen-address="+sentineltest.FreeAddr(t))...)
		if status != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "--admin.config.file") {
			t.Errorf("%v: got %d %q", args, status, stderr)
		}
	}
}

// TestAdminRefusals: each with its code, and the Sentinels untouched.
func TestAdminRefusals(t *testing.T) {
	t.Parallel()
	r := newAdminRig(t, sentineltest.Config{Masters: []string{"mymaster"}, Replicas: 1})
	const master = "/api/v1/masters/mymaster"
	set := func(body string) call { return call{method: http.MethodPatch, path: master, body: body} }
	monitor := func(body string) call {
		return call{method: http.MethodPut, path: "/api/v1/masters/new", body: body}
	}
	post := func(path string) call { return call{method: http.MethodPost, path: path} }
	with := func(c call, change func(*call)) call {
		change(&c)
		return c
	}
	counted := 0
	for _, test := range []struct {
		what  string
		call  call
		want  int
		error string
	}{
		{"no password", with(post(master+"/failover"), func(c *call) { c.user = "operator" }), 401, ""},
		{"wrong password", with(post(master+"/failover"), func(c *call) { c.user, c.password = "operator", "canary-auth-pass" }), 401, ""},
		{"wrong user", with(post(master+"/failover"), func(c *call) { c.user, c.password = "root", exportertest.AdminPassword }), 401, ""},
		{"cross-site", with(set(`{"quorum":1}`), func(c *call) { c.headers = []string{"Sec-Fetch-Site", "cross-site"} }), 403, "cross-origin"},
		{"of another origin", with(post(master+"/failover"), func(c *call) { c.headers = []string{"Origin", "https://evil.example"} }), 403, "cross-origin"},
		{"a form", with(set(`{"quorum":1}`), func(c *call) { c.contentType = "application/x-www-form-urlencoded" }), 415, "application/json"},
		{"text", with(set(`{"quorum":1}`), func(c *call) { c.contentType = "text/plain" }), 415, "application/json"},
		{"a form to fail over", with(call{method: http.MethodPost, path: master + "/failover", body: "x=1"}, func(c *call) { c.contentType = "text/plain" }), 415, "application/json"},
		{"oversized", set(`{"auth-pass":"` + strings.Repeat("x", 20<<10) + `"}`), 413, "larger than"},
		{"no JSON", set(`quorum=1`), 400, "one JSON object"},
		{"no body", set(``), 400, "one JSON object"},
		{"an array", set(`[1]`), 400, "one JSON object"},
		{"cut off", set(`{"quorum":1`), 400, "not JSON"},
		{"two values", set(`{"quorum":1}{"quorum":2}`), 400, "more after"},
		{"twice", set(`{"quorum":1,"quorum":2}`), 400, "twice"},
		{"unknown option", set(`{"no-such":1}`), 400, "there is no option"},
		{"an option in capitals", set(`{"Quorum":1}`), 400, "there is no option"},
		{"a script", set(`{"notification-script":"/bin/true"}`), 400, "path of a script"},
		{"a script in capitals", set(`{"Client-Reconfig-Script":"/bin/true"}`), 400, "path of a script"},
		{"a good and a bad option", set(`{"quorum":1,"no-such":1}`), 400, "there is no option"},
		{"quorum 0", set(`{"quorum":0}`), 400, "whole number"},
		{"a fraction", set(`{"quorum":1.5}`), 400, "whole number"},
		{"a quoted number", set(`{"quorum":"1"}`), 400, "whole number"},
		{"no text", set(`{"auth-pass":12345}`), 400, "must be a string"},
		{"null", set(`{"auth-pass":null}`), 400, "must be a string"},
		{"a newline", set(`{"auth-pass":"canary-auth-pass\nsentinel myid x"}`), 400, "auth-pass"},
		{"half a rename", set(`{"rename-command":["CONFIG"]}`), 400, "two strings"},
		{"unknown parameter", with(set(`{"quorum":1}`), func(c *call) { c.path += "?dryrun=true" }), 400, `there are dry_run, force`},
		{"no truth", with(set(`{"quorum":1}`), func(c *call) { c.path += "?dry_run=yes" }), 400, "true or false"},
		{"twice true", with(set(`{"quorum":1}`), func(c *call) { c.path += "?dry_run=true&dry_run=false" }), 400, "is given 2 times"},
		{"a body to fail over", with(post(master+"/failover"), func(c *call) { c.body = `{"force":true}` }), 400, "empty body"},
		{"monitor what", monitor(`{}`), 400, "quorum"},
		{"monitor unknown", monitor(`{"address":"127.0.0.1:1","quorum":2,"addr":1}`), 400, "there are address, quorum and set"},
		{"monitor no address", monitor(`{"address":"127.0.0.1","quorum":2}`), 400, "host:port"},
		{"monitor bad option", monitor(`{"address":"127.0.0.1:1","quorum":2,"set":{"no-such":1}}`), 400, "there is no option"},
		{"monitor a script", monitor(`{"address":"127.0.0.1:1","quorum":2,"set":{"notification-script":"/bin/true"}}`), 400, "path of a script"},
		{"unknown master", post("/api/v1/masters/nosuch/failover"), 404, "monitors a master"},
		{"unknown master to set", with(set(`{"quorum":1}`), func(c *call) { c.path = "/api/v1/masters/nosuch" }), 404, "monitors a master"},
	} {
		status, body := r.send(test.call)
		if status != test.want || !strings.Contains(body, test.error) {
			t.Errorf("%s: got %d %s, want %d with %q", test.what, status, body, test.want, test.error)
		}
		if strings.Contains(body, authPass) {
			t.Errorf("%s: the answer tells the password: %s", test.what, body)
		}
		if test.want != http.StatusUnauthorized {
			counted++
		}
	}
	if found := changes(t, r.Topology); found != nil {
		t.Errorf("the Sentinels were changed:\n%s", strings.Join(found, "\n"))
	}
	r.shows("mymaster", "quorum", "2")
	r.shows("new", "ip", "")
	if got := r.audits(); len(got) != counted {
		t.Errorf("%d calls made %d audit lines:\n%s", counted, len(got), strings.Join(got, ""))
	}
	r.noCanary()
}

// noCanary looks for passwords in all answers, the log and the metrics.
func (r *adminRig) noCanary() {
	r.t.Helper()
	for where, text := range map[string]string{
		"an answer": r.said.String(), "the log": r.Stderr.String(), "the metrics": r.MustGet(r.t, "/metrics").Body,
	} {
		if strings.Contains(text, "canary") {
			r.t.Errorf("a password is in %s:\n%s", where, text)
		}
	}
}

// TestAdminOperations: each end to end, with its audit line and its count.
func TestAdminOperations(t *testing.T) {
	t.Parallel()
	r := newAdminRig(t, sentineltest.Config{Masters: []string{"mymaster", "a/b%"}, Replicas: 1})
	const odd = "/api/v1/masters/a%2Fb%25"
	old, other := r.Masters[0].Node.Addr(), r.Masters[1].Node.Addr()
	want := map[string]int{}
	ask := func(status int, method, path, body, count string) string {
		t.Helper()
		before := len(r.audits())
		answer := r.ask(status, method, path, body)
		want[count]++
		if got := r.audits(); len(got) != before+1 {
			t.Errorf("%s %s made %d audit lines", method, path, len(got)-before)
		} else if line := got[before]; !strings.Contains(line, "who=operator") || !strings.Contains(line, "from=127.0.0.1:") || !strings.Contains(line, fmt.Sprintf("status=%d", status)) {
			t.Errorf("%s %s: the audit line is %s", method, path, line)
		}
		return fmt.Sprintf("%+v", answer)
	}

	ask(200, "PATCH", odd, `{"down-after-milliseconds":4321,"quorum":1,"auth-pass":"`+authPass+`"}`, `action="set",result="ok"`)
	r.shows("a/b%", "down-after-milliseconds", "4321")
	r.shows("a/b%", "quorum", "1")
	if line := r.audits()[0]; !strings.Contains(line, `what="down-after-milliseconds 4321, quorum 1, auth-pass ******"`) || !strings.Contains(line, "master=a/b%") {
		t.Errorf("the audit line is %s", line)
	}
	if got := ask(200, "DELETE", odd+"?dry_run=true", "", `action="remove",result="dry_run"`); !strings.Contains(got, "settings_forgotten") || !strings.Contains(got, "DryRun:true") {
		t.Errorf("what REMOVE forgets is not called out before: %s", got)
	}
	r.shows("a/b%", "quorum", "1")
	ask(200, "DELETE", odd, "", `action="remove",result="ok"`)
	r.shows("a/b%", "quorum", "")
	body := `{"address":"` + other + `","quorum":2,"set":{"down-after-milliseconds":4321,"auth-user":"default","auth-pass":"` + authPass + `"}}`
	if got := ask(200, "PUT", odd+"?dry_run=true", `{"address":"`+other+`","quorum":2}`, `action="monitor",result="dry_run"`); !strings.Contains(got, "no auth-user, no auth-pass") {
		t.Errorf("what MONITOR lacks is not called out before: %s", got)
	}
	ask(200, "PUT", odd, body, `action="monitor",result="ok"`)
	r.shows("a/b%", "down-after-milliseconds", "4321")
	ask(409, "PUT", "/api/v1/masters/third", `{"address":"`+other+`","quorum":2}`, `action="monitor",result="guarded"`)
	r.shows("third", "ip", "")
	ask(200, "POST", "/api/v1/flush-config", "{}", `action="flush-config",result="ok"`)
	ask(200, "POST", "/api/v1/masters/mymaster/reset", "", `action="reset",result="ok"`)
	r.shows("mymaster", "num-slaves", "1")
	r.shows("mymaster", "num-other-sentinels", "2")
	if got := ask(200, "POST", "/api/v1/masters/mymaster/failover", "", `action="failover",result="ok"`); !strings.Contains(got, "PreviousAddress:"+old) || strings.Contains(got, "Seconds:0 ") {
		t.Errorf("the failover answers %s", got)
	}
	if got := r.MasterField(t.Context(), "mymaster", "config-epoch"); got[0] == "0" || got[0] != got[1] || got[1] != got[2] {
		t.Errorf("after the failover the epochs are %v", got)
	}

	r.Sentinels[1].Kill()
	ask(207, "PATCH", "/api/v1/masters/mymaster", `{"parallel-syncs":4}`, `action="set",result="partial"`)
	r.shows("mymaster", "parallel-syncs", "4", "", "4")
	if err := r.Sentinels[1].Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(200, "PATCH", "/api/v1/masters/mymaster", `{"parallel-syncs":4}`, `action="set",result="ok"`)
	r.shows("mymaster", "parallel-syncs", "4")
	for _, s := range r.Sentinels {
		s.Kill()
	}
	ask(502, "PATCH", "/api/v1/masters/mymaster", `{"parallel-syncs":5}`, `action="set",result="failed"`)

	metrics := r.MustGet(t, "/metrics").Body
	for labels, n := range want {
		if line := fmt.Sprintf("redis_sentinel_exporter_admin_requests_total{%s} %d\n", labels, n); !strings.Contains(metrics, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
	checkMetrics(t, metrics)
	r.noCanary()
}

// TestTwoAtOnce: the second operation on a master is refused while a failover
// that lasts is under way; on another master it is not.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	r := newAdminRig(t, sentineltest.Config{Masters: []string{"mymaster", "other"}, Replicas: 1, FailoverTimeout: 2 * time.Second})
	r.refusePromotion()
	done := make(chan int, 1)
	go func() {
		status, _ := (&adminRig{t: t, adminURL: r.adminURL}).send(call{method: "POST", path: "/api/v1/masters/mymaster/failover"})
		done <- status
	}()
	sentineltest.WaitFor(t, "the failover", func() bool {
		return slices.Contains(r.MasterField(t.Context(), "mymaster", "failover-state"), "wait_promotion")
	})
	answer := r.ask(http.StatusConflict, "POST", "/api/v1/masters/mymaster/reset?force=true", "")
	if !strings.Contains(answer.Error, "another operation") || !strings.Contains(answer.Error, "failover") {
		t.Errorf("got %+v", answer)
	}
	r.ask(http.StatusConflict, "PATCH", "/api/v1/masters/mymaster", `{"quorum":1}`)
	r.shows("mymaster", "quorum", "2")
	r.ask(http.StatusOK, "PATCH", "/api/v1/masters/other", `{"quorum":1}`)
	r.shows("other", "quorum", "1")
	if status := <-done; status != http.StatusBadGateway { // it was given up
		t.Errorf("the failover answers %d", status)
	}
	r.ask(http.StatusOK, "PATCH", "/api/v1/masters/mymaster", `{"quorum":1}`)
}

// refusePromotion makes the failover of the first master wait. A replica that hangs would not do: by the time of the
// failover it may be known to be down, and then there is none.
func (r *adminRig) refusePromotion() {
	r.t.Helper()
	if _, err := r.Masters[0].Replicas[0].CLI(r.t.Context(), "ACL", "SETUSER", "default", "-slaveof", "-replicaof"); err != nil {
		r.t.Fatal(err)
	}
}

// TestAdminFence: an exporter with an account for the data nodes that may do it holds up the writes; none without.
func TestAdminFence(t *testing.T) {
	t.Parallel()
	const password = "canary-fence"
	cfg := sentineltest.Config{Replicas: 1, DownAfter: 20 * time.Second, NodeConf: []string{sentineltest.DocumentedUser(t, "../docs/admin.md", "fence", password)}}
	r := newAdminRig(t, cfg, "--node.username=fence", "--node.password-file="+exportertest.TempFile(t, password))
	const failover = "/api/v1/masters/mymaster/failover"
	r.ask(http.StatusBadRequest, http.MethodPost, failover+"?fence=true&coordinated=true", "")
	if answer := r.ask(http.StatusOK, http.MethodPost, failover+"?coordinated=false&dry_run=true", ""); answer.Way != admin.Plain || answer.WayReason != "" {
		t.Errorf("it would be %s, because %q", answer.Way, answer.WayReason)
	}
	r.shows("mymaster", "config-epoch", "0")
	answer := r.ask(http.StatusOK, http.MethodPost, failover+"?fence=true", "")
	if answer.Way != admin.Fenced || answer.Loss == nil || answer.Loss.LostBytes == nil || *answer.Loss.LostBytes != 0 {
		t.Errorf("got %+v, loss %+v", answer, answer.Loss)
	}
	if role, err := r.Masters[0].Node.CLI(t.Context(), "ROLE"); err != nil || !strings.HasPrefix(role, "slave") {
		t.Errorf("the old master is %q, %v", role, err)
	}
	if strings.Contains(r.said.String()+r.Stderr.String(), password) {
		t.Error("the password is told")
	}

	without := newAdminRig(t, sentineltest.Config{Replicas: 1})
	if answer := without.ask(http.StatusBadRequest, http.MethodPost, failover+"?fence=true", ""); !strings.Contains(answer.Error, "--node.password-file") {
		t.Errorf("without an account: got the error %q", answer.Error)
	}
	without.shows("mymaster", "config-epoch", "0")
}

// TestStopEndsAnOperation: it answers how far it has come.
func TestStopEndsAnOperation(t *testing.T) {
	t.Parallel()
	r := newAdminRig(t, sentineltest.Config{Replicas: 1, FailoverTimeout: time.Minute})
	r.refusePromotion()
	done := make(chan string, 1)
	go func() {
		_, body := (&adminRig{t: t, adminURL: r.adminURL}).send(call{method: "POST", path: "/api/v1/masters/mymaster/failover"})
		done <- body
	}()
	sentineltest.WaitFor(t, "the failover", func() bool {
		return slices.Contains(r.MasterField(t.Context(), "mymaster", "failover-state"), "wait_promotion")
	})
	began := time.Now()
	if status := r.End(); status != 0 || time.Since(began) > 5*time.Second {
		t.Errorf("it ended with %d after %s", status, time.Since(began))
	}
	if body := <-done; !strings.Contains(body, "stopped following") {
		t.Errorf("the failover answers %s", body)
	}
}
