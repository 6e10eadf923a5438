package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// canaryPassword has what is written differently in quotes.
const canaryPassword = `canary"pass\word`

// gossip are the ways in which something that should be a Sentinel says again what
// it was told. The first are answers to the handshake.
func gossip(t *testing.T) []string {
	t.Helper()
	const withAuth = "+OK\r\n" // what goes wrong then is another command
	answers := func(hello, command func(said string) string) string {
		fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
		say := func(text func(string) string) sentineltest.Script {
			return func(c *sentineltest.ScriptConn) { c.Write([]byte(text(strings.Join(c.Args, " ")))) }
		}
		fake.Script("HELLO", say(hello))
		fake.Script("AUTH", say(hello))
		for _, name := range []string{"INFO", "SENTINEL", "PSUBSCRIBE"} {
			fake.Script(name, say(command))
		}
		return fake.Addr()
	}
	accepted := func(string) string { return withAuth }
	refused := func(string) string { return "-NOAUTH Authentication required.\r\n" }
	both := func(format string) []string {
		echo := func(said string) string { return fmt.Sprintf(format, said) }
		told := func(string) string { return fmt.Sprintf(format, canaryPassword) }
		return []string{answers(echo, refused), answers(accepted, told)}
	}
	var addresses []string
	for _, format := range []string{
		"-ERR unknown command 'HELLO', with args beginning with: %s\r\n",
		"-WRONGPASS %s is not it\r\n", "-NOPERM %s may not\r\n", "-LOADING %s\r\n", "-ERR %s\r\n",
		"+%s\r\n", "%s\r\n", "*1\r\n+%s\r\n", ":%s\r\n", "$%s\r\n", "*%s\r\n", "_%s\r\n", "(%s\r\n", "#%s\r\n", ",%s\r\n",
	} {
		addresses = append(addresses, both(format)...)
	}
	mirror := sentineltest.RawServer(t, func(conn net.Conn) {
		buf := make([]byte, 4<<10)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			if _, err := conn.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	silent := sentineltest.RawServer(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) })
	return append(addresses, publisher(t), mirror, silent, sentineltest.FreeAddr(t))
}

// publisher is a Sentinel before 6.2.8, told a password in capitals.
func publisher(t *testing.T) string {
	t.Helper()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	fake.Script("PSUBSCRIBE", func(c *sentineltest.ScriptConn) {
		c.Write([]byte("*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1\r\n*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$4\r\n+set\r\n"))
		c.Write(sentineltest.Bulk("master mymaster 10.0.0.1 6379 AUTH-PASS " + canaryPassword))
		c.Silence()
	})
	return fake.Addr()
}

// untilPublished waits until the page shows what the publisher has published.
func untilPublished(t *testing.T, p *exportertest.Exporter) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		page, err := p.Get("/status", "X-Prometheus-Scrape-Timeout-Seconds", "2")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(page.Body, "AUTH-PASS") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the page does not show the event")
		}
	}
}

// TestNoPasswordIsTold: whatever goes wrong with a Sentinel, the password is in no
// line of the log, at the level that says most, and on no page.
func TestNoPasswordIsTold(t *testing.T) {
	t.Parallel()
	addresses := gossip(t)
	dir := t.TempDir()
	file, config := filepath.Join(dir, "password"), filepath.Join(dir, "probe.yml")
	write := func(file, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, canaryPassword+"\n")
	for _, format := range []string{"logfmt", "json"} {
		write(config, "modules:\n  m:\n    password_file: password\n    allowed_targets: [127.0.0.0/8]\n")
		p := exportertest.Start(t, "--sentinel.address="+strings.Join(addresses, ","), "--sentinel.password-file="+file, "--sentinel.timeout=2s",
			"--config.file="+config, "--web.enable-lifecycle", "--log.level=debug", "--log.format="+format)
		var told strings.Builder
		paths := []string{"/", "/metrics", "/status", "/health", "/sd", "/-/healthy"}
		for _, address := range addresses {
			paths = append(paths, "/probe?module=m&target="+address)
		}
		untilPublished(t, p)
		for _, path := range paths {
			got, err := p.Get(path, "X-Prometheus-Scrape-Timeout-Seconds", "2")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&told, path, got.Status, got.Header, got.Body)
		}
		// A configuration with the secret in the wrong place.
		write(config, "modules:\n  m:\n    password: '"+canaryPassword+"'\n    "+canaryPassword+": x\n")
		response, err := http.Post(p.URL+"/-/reload", "text/plain", strings.NewReader(canaryPassword))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			t.Error("a bad configuration was taken")
		}
		if p.End() != 0 {
			t.Error("it failed")
		}
		fmt.Fprintln(&told, p.Stderr)
		noCanary(t, format, told.String())
	}
	for _, command := range [][]string{{"check"}, {"discover", "master", "mymaster"}, {"failover", "mymaster", "--yes"}} {
		stdout, stderr, _ := exportertest.Output(t, append(command, "--sentinel.address="+strings.Join(addresses, ","), "--sentinel.password-file="+file, "--sentinel.timeout=2s")...)
		noCanary(t, command[0], stdout+stderr)
		if stdout+stderr == "" {
			t.Errorf("%v said nothing", command)
		}
	}
}

// noCanary says in which lines there is any of the password.
func noCanary(t *testing.T, where, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		for _, part := range []string{"canary", "pass\\word"} {
			if strings.Contains(line, part) {
				t.Errorf("%s: the password is told in %s", where, line)
				break
			}
		}
	}
}
