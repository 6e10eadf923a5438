package e2e_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestKilledInTheMiddle: killed for good while writes wait, a command cannot clean up. The pause ends by itself, and the
// key of a drill expires.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	const password = "canary-killed"
	for _, words := range []string{"failover mymaster --fence --yes", "drill mymaster --fence --yes --max-gap=1m"} {
		name, _, _ := strings.Cut(words, " ")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			topology := sentineltest.Run(t, sentineltest.Config{
				DownAfter: 5 * time.Second, NodeConf: []string{"save 3600 1", sentineltest.DocumentedUser(t, "../docs/admin.md", "drill", password)},
			})
			args := append(strings.Fields(words), "--sentinel.address="+strings.Join(topology.SentinelAddrs(), ","),
				"--node.username=drill", "--node.password-file="+exportertest.TempFile(t, password))
			for _, n := range topology.Nodes() {
				args = append(args, "--host-map="+n.Addr()+"="+n.Name())
			}
			// A drill is refused until the Sentinels have heard of all nodes.
			sentineltest.WaitFor(t, "the command to be killed while writes wait", func() bool { return killed(t, args, "writes wait") })
			master := topology.Masters[0].Node
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
			defer cancel()
			if _, err := master.CLI(ctx, "SET", "after", "1"); err != nil && !strings.Contains(err.Error(), "READONLY") {
				t.Errorf("it takes no writes: %v", err)
			}
			t.Logf("writes went on after %s", time.Since(began).Round(time.Millisecond))
			for _, n := range topology.Masters[0].DataNodes() {
				keys, err := n.CLI(t.Context(), "KEYS", "redis_sentinel_exporter:*")
				if err != nil {
					t.Fatal(err)
				}
				for key := range strings.FieldsSeq(keys) {
					text, err := n.CLI(t.Context(), "PTTL", key)
					if ttl, convErr := strconv.Atoi(text); err != nil || convErr != nil || ttl == -1 || ttl > int(5*time.Minute/time.Millisecond) {
						t.Errorf("%s has a key that expires in %s ms: %v, %v", n.Name(), text, err, convErr)
					}
				}
			}
		})
	}
}

// killed runs a command in a process of its own and kills it after a line of its progress with these words. It returns false if the
// command ends without one.
func killed(t *testing.T, args []string, at string) bool {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), exportertest.Variable)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	was := false
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if strings.Contains(lines.Text(), at) {
			was = cmd.Process.Kill() == nil
		}
	}
	_ = cmd.Wait() // it was killed
	return was
}
