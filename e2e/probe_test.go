package e2e_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// leastPrivileges are those that a Sentinel's user for a poller needs.
const leastPrivileges = "resetchannels -@all +ping +info +role +sentinel|masters +sentinel|replicas " +
	"+sentinel|sentinels +sentinel|ckquorum +sentinel|info-cache +sentinel|get-master-addr-by-name +sentinel|myid +client|setname"

// TestProbeAccess: TLS, client certificates and ACL users, right and wrong in every
// way, on real Sentinels. Each way to be refused has a reason of its own and one
// line in the log, and no secret is anywhere.
func TestProbeAccess(t *testing.T) {
	t.Parallel()
	const password, wrong, unasked = "canary-password", "canary-wrong", "canary-unasked"
	topology := sentineltest.Run(t, sentineltest.Config{
		Sentinels: 1, Replicas: 1, ClientCerts: true, Password: unasked,
		ACL: []string{
			"user exporter on >" + password + " " + leastPrivileges,
			"user half on >" + password + " " + leastPrivileges + " -sentinel|ckquorum",
		},
	})
	certificates := topology.TLS
	stranger, err := sentineltest.NewCertificates(filepath.Join(t.TempDir(), "stranger"))
	if err != nil {
		t.Fatal(err)
	}
	plain := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	address, expired := topology.SentinelAddrs()[0], startExpiredSentinel(t, certificates)
	right := exportertest.TempFile(t, password+"\n")
	client := ", cert_file: " + certificates.ClientCert + ", key_file: " + certificates.ClientKey
	tls := "tls_config: {ca_file: " + certificates.CA + client + "}"
	user := func(name, file string) string {
		return "username: " + name + ", password_file: " + file + ", allowed_targets: [127.0.0.0/8], "
	}
	tests := []struct {
		module  string
		target  string
		config  string
		command string // that fails; "" for none
		reason  string
		log     string // what the line says of the cause
	}{
		{"right", address, user("exporter", right) + tls, "", "", ""},
		{"wrong_password", address, user("exporter", exportertest.TempFile(t, wrong)) + tls, "masters", "auth", "WRONGPASS"},
		{"wrong_user", address, user("nobody", right) + tls, "masters", "auth", "WRONGPASS"},
		{"no_password", address, tls, "masters", "auth", "NOAUTH"},
		{"half", address, user("half", right) + tls, "ckquorum", "permission", "NOPERM"},
		{"wrong_authority", address, user("exporter", right) + "tls_config: {ca_file: " + stranger.CA + client + "}", "masters", "tls", "unknown authority"},
		{"wrong_name", address, user("exporter", right) + "tls_config: {ca_file: " + certificates.CA + client + ", server_name: other.example.com}", "masters", "tls", "other.example.com"},
		{"no_certificate", address, user("exporter", right) + "tls_config: {ca_file: " + certificates.CA + "}", "masters", "tls", "remote error: tls"},
		{"strange_certificate", address, user("exporter", right) + "tls_config: {ca_file: " + certificates.CA + ", cert_file: " + stranger.ClientCert + ", key_file: " + stranger.ClientKey + "}", "masters", "tls", "remote error: tls"},
		{"expired", expired, tls, "masters", "tls", "has expired"},
		{"no_tls", plain.SentinelAddrs()[0], user("exporter", right) + "timeout: 1s, " + tls, "masters", "timeout", "no answer within the deadline"},
	}
	config := "modules:\n"
	for _, tc := range tests {
		config += "  " + tc.module + ": {" + tc.config + "}\n"
	}
	p := exportertest.Start(t, "--sentinel.address="+plain.SentinelAddrs()[0], "--config.file="+exportertest.TempFile(t, config), "--log.level=debug")
	outputs := p.MustGet(t, "/metrics").Body
	for _, tc := range tests {
		query := "/probe?module=" + tc.module + "&target=" + tc.target
		p.MustGet(t, query)
		body := p.MustGet(t, query, "X-Prometheus-Scrape-Timeout-Seconds", "20").Body
		outputs += body
		up := 1
		if tc.command == "masters" {
			up = 0
		}
		if want := fmt.Sprintf("\nredis_sentinel_up{sentinel=%q} %d\n", tc.target, up); !strings.Contains(body, want) {
			t.Errorf("%s: there is no%sin:\n%s", tc.module, want, body)
		}
		failed := regexp.MustCompile(`redis_sentinel_command_errors_total\{command="(\w+)",reason="(\w+)",.*\} ([1-9].*)`).FindAllStringSubmatch(body, -1)
		for _, f := range failed {
			if tc.reason != "" && (f[2] != tc.reason || f[3] != "2") || tc.command == "ckquorum" && f[1] != "ckquorum" || tc.command == "" {
				t.Errorf("%s: %s failed %s times for the reason %s", tc.module, f[1], f[3], f[2])
			}
		}
		if len(failed) == 0 != (tc.command == "") {
			t.Errorf("%s: %d kinds of failures", tc.module, len(failed))
		}
		lines := regexp.MustCompile(`(?m)^.*level=WARN .*module=`+tc.module+` .*$`).FindAllString(p.Stderr.String(), -1)
		if tc.module == "right" {
			if log, err := topology.Sentinels[0].CLI(t.Context(), "ACL", "LOG"); err != nil || strings.TrimSpace(log) != "" {
				t.Errorf("the user with the least privileges was refused: %v\n%s", err, log)
			}
		}
		if tc.command == "" {
			if len(lines) > 0 {
				t.Errorf("%s: the log has %q", tc.module, lines)
			}
			continue
		}
		if len(lines) != 1 || !strings.Contains(lines[0], "reason="+tc.reason) || !strings.Contains(lines[0], tc.log) {
			t.Errorf("%s: the log has %q, want one line with reason=%s and %s", tc.module, lines, tc.reason, tc.log)
		}
	}
	checked, stderr, status := exportertest.Output(t, "config", "check", "--config.file="+exportertest.TempFile(t, config))
	if status != 0 || !strings.Contains(checked, "wrong_authority:") {
		t.Errorf("config check: got %d and\n%s%s", status, checked, stderr)
	}
	for name, text := range map[string]string{"answers": outputs, "log": p.Stderr.String(), "config check": checked + stderr} {
		if strings.Contains(text, "canary") {
			t.Errorf("there is a secret in the %s:\n%s", name, text)
		}
	}
}

// TestProbeOfNoSentinel: what answers and is no Sentinel, and what never does. Each
// is told within the deadline, for its reason, at a bounded cost of memory.
func TestProbeOfNoSentinel(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	redis := topology.Masters[0].Node.Addr()
	server := http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(listener) }) // until it is closed
	t.Cleanup(func() {
		_ = server.Close()
		wg.Wait()
	})
	stream := func(again string) string {
		return sentineltest.RawServer(t, func(conn net.Conn) {
			_, err := conn.Read(make([]byte, 1)) // who speaks unasked may also be taken for a broken connection
			for ; err == nil; _, err = conn.Write([]byte(again)) {
			}
		})
	}
	silent := sentineltest.RawServer(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	bulk := "$1048576\r\n" + strings.Repeat("x", 1<<20) + "\r\n"
	p := exportertest.StartProcess(t, "--no-collector.events", "--config.file=/dev/null", "--sentinel.address="+topology.SentinelAddrs()[0])
	before := int64(p.Value(t, "process_resident_memory_bytes"))
	for _, tc := range []struct {
		name, target, reason string
	}{
		{"a plain Redis", redis, "protocol"},
		{"an HTTP server", listener.Addr().String(), "protocol"},
		{"a black hole", sentineltest.BlackHoleAddr(t), "timeout"},
		{"silence", silent, "timeout"},
		{"nobody", sentineltest.FreeAddr(t), "unreachable"},
		{"endless nonsense", stream(strings.Repeat("\x00", 4096)), "protocol"},
		{"an endless line", stream("+" + strings.Repeat("x", 4096)), "protocol"},
		{"endless answers", stream(strings.Repeat("+OK\r\n", 1000)), "protocol"},
		{"an endless string", stream(bulk), "protocol"},
		{"arrays without end", stream("*1\r\n"), "protocol"},
	} {
		const deadline, grace = 2 * time.Second, 3 * time.Second
		began := time.Now()
		body := p.MustGet(t, "/probe?target="+url.QueryEscape(tc.target), "X-Prometheus-Scrape-Timeout-Seconds", "2.5").Body
		if took := time.Since(began); took > deadline+grace {
			t.Errorf("%s: it took %s", tc.name, took)
		}
		if !strings.Contains(body, fmt.Sprintf("\nredis_sentinel_up{sentinel=%q} 0\n", tc.target)) {
			t.Errorf("%s: it is up:\n%s", tc.name, body)
		}
		counted := regexp.MustCompile(`redis_sentinel_command_errors_total\{command="masters",reason="(\w+)",.*\} 1\n`).FindStringSubmatch(body)
		if counted == nil || counted[1] != tc.reason {
			t.Errorf("%s: got the reason %q, want %q; the log is\n%s", tc.name, counted, tc.reason, p.Stderr)
		}
		if now := int64(p.Value(t, "process_resident_memory_bytes")); now-before > 600<<20 {
			t.Errorf("%s: the exporter has grown by %d MiB", tc.name, (now-before)>>20)
		}
	}
}
