package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// nodesHeading is on /status where the data nodes are asked.
const nodesHeading = "Would the next failover work?"

// configWithNodes names two deployments with these Sentinels: orders, whose module has an account for the data nodes,
// and carts, which has none.
func configWithNodes(sentinels []string, nodes string) string {
	addresses := strings.Join(sentinels, ",")
	return fmt.Sprintf("modules:\n  with: {nodes: %s}\n  without: {}\ndeployments:\n  orders: {sentinels: [%s], module: with}\n  carts: {sentinels: [%s], module: without}\n",
		nodes, addresses, addresses)
}

// TestNamedNodes: the account of a module is for the named deployments that use it, in the commands, on /status and on
// the admin listener, and for no other.
func TestNamedNodes(t *testing.T) {
	t.Parallel()
	const password = "canary-named"
	user := func(name string) string { return sentineltest.DocumentedUser(t, "../docs/admin.md", name, password) }
	r := &adminRig{Topology: sentineltest.Run(t, sentineltest.Config{
		DownAfter: 20 * time.Second, NodeConf: []string{"save 3600 1", user("preflight"), user("fence"), user("drill")},
	}), t: t}
	file := exportertest.TempFile(t, password)
	config := exportertest.TempFile(t, configWithNodes(r.SentinelAddrs(), "{username: drill, password_file: "+file+"}"))
	var said strings.Builder
	command := func(want int, words ...string) string {
		t.Helper()
		stdout, stderr, status := exportertest.Output(t, append(words, "--config.file="+config)...)
		said.WriteString(stdout + stderr)
		if status != want {
			t.Errorf("%s: exit code %d, want %d\n%s%s", words, status, want, stdout, stderr)
		}
		return stdout + stderr
	}
	sentineltest.WaitFor(t, "preflight to be all clear", func() bool {
		stdout, stderr, status := exportertest.Output(t, "preflight", "--deployment=orders", "--config.file="+config)
		said.WriteString(stdout + stderr)
		return status == 0
	})
	if out := command(3, "preflight", "--deployment=carts"); !strings.Contains(out, "or a nodes: to the module") {
		t.Errorf("without an account it says\n%s", out)
	}
	// The flags come before the file.
	flags := []string{"--node.username=preflight", "--node.password-file=" + file}
	if out := command(0, append(flags, "preflight", "--deployment=carts")...); strings.Contains(out, "unknown") {
		t.Errorf("with the flags it says\n%s", out)
	}
	flags[1] = "--node.password-file=" + exportertest.TempFile(t, "wrong")
	if out := command(3, append(flags, "preflight", "--deployment=orders")...); !strings.Contains(out, "WRONGPASS") {
		t.Errorf("with the flags it says\n%s", out)
	}
	command(1, "failover", "mymaster", "--deployment=carts", "--fence", "--yes")
	command(2, "drill", "mymaster", "--deployment=carts", "--yes")
	if out := command(0, "failover", "mymaster", "--deployment=orders", "--fence", "--yes"); !strings.Contains(out, "writes wait") || !strings.Contains(out, "0 bytes") {
		t.Errorf("it says\n%s", out)
	}
	drill := []string{"drill", "mymaster", "--deployment=orders", "--config.file=" + config, "--fence", "--yes", "--max-gap=1m"}
	for _, n := range r.Nodes() {
		drill = append(drill, "--host-map="+n.Addr()+"="+n.Name())
	}
	sentineltest.WaitFor(t, "the drill", func() bool { // refused until the Sentinels have heard of the roles
		stdout, stderr, status := exportertest.Output(t, drill...)
		said.WriteString(stdout + stderr)
		return status == 0 && strings.Contains(stdout, "Passed.")
	})

	e, address := exportertest.StartAdmin(t, exportertest.TempFile(t, exportertest.AdminUsers), "--config.file="+config, "--web.enable-lifecycle", "--log.level=debug")
	r.Exporter, r.adminURL = e, "http://"+address
	page := func(deployment string) string {
		body := e.MustGet(t, "/status?refresh=off&deployment="+deployment).Body
		said.WriteString(body)
		return body
	}
	if !strings.Contains(page("orders"), nodesHeading) || strings.Contains(page("carts"), nodesHeading) {
		t.Error("the data nodes are not asked of orders, or they are of carts")
	}
	const failover = "/api/v1/deployments/%s/masters/mymaster/failover?fence=true"
	if answer := r.ask(http.StatusBadRequest, http.MethodPost, fmt.Sprintf(failover, "carts"), ""); !strings.Contains(answer.Error, "or a nodes: to the module") {
		t.Errorf("without an account: got the error %q", answer.Error)
	}
	answer := r.ask(http.StatusOK, http.MethodPost, fmt.Sprintf(failover, "orders"), "")
	if answer.Way != admin.Fenced || answer.Loss == nil || answer.Loss.LostBytes == nil || *answer.Loss.LostBytes != 0 {
		t.Errorf("got %+v, loss %+v", answer, answer.Loss)
	}

	// Another account in the file is that of the next request, and none is none.
	reload := func(nodes string) {
		t.Helper()
		if err := os.WriteFile(config, []byte(configWithNodes(r.SentinelAddrs(), nodes)), 0o600); err != nil {
			t.Fatal(err)
		}
		if response, err := http.Post(e.URL+"/-/reload", "", nil); err != nil || response.Body.Close() != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("the reload: %+v, %v", response, err)
		}
	}
	reload("{username: drill, password_file: " + exportertest.TempFile(t, "wrong") + "}")
	if text := page("orders"); !strings.Contains(text, "WRONGPASS") {
		t.Error("the old password is still used")
	}
	reload("{username: drill, password_file: " + file + "}")
	if text := page("orders"); strings.Contains(text, "WRONGPASS") || !strings.Contains(text, nodesHeading) {
		t.Error("the right password is not used")
	}
	r.NothingDenied(t, "preflight")
	r.NothingDenied(t, "drill")
	config = exportertest.TempFile(t, strings.Replace(configWithNodes(r.SentinelAddrs(), ""), "with: {nodes: }", "with: {}", 1))
	command(1, "failover", "mymaster", "--deployment=orders", "--fence", "--yes")
	if all := said.String() + r.said.String() + e.Stderr.String(); strings.Contains(all, password) {
		t.Error("the password is told")
	}
}

// TestNothingToDataNodesOfNamed: without nodes: in its module no data node of a named deployment is asked, and with it
// none of a probe that a request chooses.
func TestNothingToDataNodesOfNamed(t *testing.T) {
	t.Parallel()
	node, fake, host := watchedNode(t)
	config := exportertest.TempFile(t, configWithNodes([]string{fake.Addr()}, "{password_file: "+exportertest.TempFile(t, "canary")+"}"))
	e := exportertest.Start(t, "--config.file="+config)
	for _, path := range []string{
		"/status?deployment=carts", "/health?deployment=carts", "/probe?deployment=carts", "/probe?deployment=orders", "/health?deployment=orders",
		"/can-stop?deployment=orders&host=" + host, "/probe?module=with&target=" + fake.Addr(), "/fleet", "/sd",
	} {
		if a, err := e.Get(path); err != nil || a.Status == http.StatusNotFound || a.Status == http.StatusBadRequest {
			t.Errorf("%s: %d %s, %v", path, a.Status, a.Body, err)
		}
	}
	for _, words := range []string{"preflight", "failover mymaster --dry-run", "failover mymaster --fence --dry-run", "drill mymaster --yes"} {
		args := append(strings.Fields(words), "--config.file="+config, "--deployment=carts")
		if stdout, stderr, status := exportertest.Output(t, args...); status > 3 || strings.Contains(stderr, "--help") {
			t.Errorf("%s: %d\n%s%s", words, status, stdout, stderr)
		}
	}
	if total, _ := node.Connections(); total != 0 {
		t.Errorf("%d connections were made to the data node", total)
	}
	e.MustGet(t, "/status?deployment=orders")
	if total, _ := node.Connections(); total == 0 {
		t.Error("of orders none was made either: this would test nothing")
	}
}
