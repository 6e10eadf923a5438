package e2e_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestKilledInTheMiddle: killed for good while writes wait, or while the master hands over, a command cannot clean up. The
// pause ends by itself, and the key of a drill is left, on every node, and expires.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	const password = "canary-killed"
	version, err := sentineltest.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{
		"failover mymaster --fence --yes", "drill mymaster --fence --yes --max-gap=1m",
		"failover mymaster --coordinated --yes", "drill mymaster --coordinated --yes --max-gap=1m",
	} {
		name, options, _ := strings.Cut(words, " mymaster --")
		way, _, _ := strings.Cut(options, " ")
		t.Run(name+" "+way, func(t *testing.T) {
			t.Parallel()
			coordinated := way == "coordinated"
			if coordinated && (version.Product != "valkey" || version.Major < 9) {
				return // refused: admin.TestCoordinatedVersions
			}
			topology := sentineltest.Run(t, sentineltest.Config{
				DownAfter: 5 * time.Second, NodeConf: []string{"save 3600 1", sentineltest.DocumentedUser(t, "../docs/admin.md", "drill", password)},
			})
			args := append(strings.Fields(words), "--sentinel.address="+strings.Join(topology.SentinelAddrs(), ","),
				"--node.username=drill", "--node.password-file="+exportertest.TempFile(t, password))
			for _, n := range topology.Nodes() {
				args = append(args, "--host-map="+n.Addr()+"="+n.Name())
			}
			at := func(line string) bool { return strings.Contains(line, "writes wait") }
			letGo := func() {}
			if coordinated {
				at = func(line string) (held bool) {
					if strings.Contains(line, "SENTINEL FAILOVER") {
						letGo, held = holdHandover(t, topology)
					}
					return held
				}
			}
			// A drill is refused until the Sentinels have heard of all nodes.
			sentineltest.WaitFor(t, "the command to be killed while writes wait", func() bool { return killed(t, args, at) })
			master := topology.Masters[0].Node
			letGo()
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
			defer cancel()
			if err := write(ctx, master); err != nil && !strings.Contains(err.Error(), "READONLY") {
				t.Errorf("it takes no writes: %v", err)
			}
			t.Logf("writes went on after %s", time.Since(began).Round(time.Millisecond))
			if coordinated {
				sentineltest.WaitFor(t, "writes to the new master", func() bool {
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					defer cancel()
					now, err := topology.MasterNode(t.Context(), "mymaster")
					return err == nil && now != master && write(ctx, now) == nil
				})
			}
			for _, n := range topology.Masters[0].DataNodes() {
				if name == "drill" {
					wantExpiringKey(t, n)
				} else if keys, err := n.CLI(t.Context(), "KEYS", "redis_sentinel_exporter:*"); err != nil || keys != "" {
					t.Errorf("%s has %s, %v", n.Name(), keys, err)
				}
			}
		})
	}
}

// wantExpiringKey wants a node to have the key of a drill, and that it expires.
func wantExpiringKey(t *testing.T, n *sentineltest.Node) {
	t.Helper()
	var key string
	sentineltest.WaitFor(t, "the key of the drill on "+n.Name(), func() (there bool) { // it may be loading
		keys, err := n.CLI(t.Context(), "KEYS", "redis_sentinel_exporter:drill:*")
		key = keys
		return err == nil && key != ""
	})
	const most = 5 * time.Minute
	text, err := n.CLI(t.Context(), "PTTL", key)
	if ttl, convErr := strconv.Atoi(text); err != nil || convErr != nil || ttl <= 0 || ttl > int(most/time.Millisecond) {
		t.Errorf("%s has %s, which expires in %s ms: %v, %v", n.Name(), key, text, err, convErr)
	}
}

// write writes to a node, as soon as that answers a write.
func write(ctx context.Context, n *sentineltest.Node) error {
	_, err := n.CLI(ctx, "SET", "after", "1")
	for err != nil && strings.Contains(err.Error(), "closed the connection") { // it has just been made a replica
		_, err = n.CLI(ctx, "SET", "after", "1")
	}
	return err
}

// holdHandover keeps the replicas from applying what they get, from now until letGo is called, and waits until the master
// hands over: its writes wait for the replica that is to be promoted. If that had happened before, held is false.
func holdHandover(t *testing.T, topology *sentineltest.Topology) (letGo func(), held bool) {
	t.Helper()
	m := topology.Masters[0]
	to := func(n *sentineltest.Node, args ...string) {
		t.Helper()
		if _, err := n.CLI(t.Context(), args...); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range m.Replicas {
		to(n, "CLIENT", "PAUSE", "60000", "WRITE")
	}
	letGo = func() {
		for _, n := range m.Replicas {
			to(n, "CLIENT", "UNPAUSE")
		}
	}
	sentineltest.WaitFor(t, "the handover", func() bool {
		held = handingOver(t, m.Node)
		role, err := m.Node.CLI(t.Context(), "ROLE")
		return held || err == nil && strings.HasPrefix(role, "slave")
	})
	if !held {
		letGo()
	}
	return letGo, held
}

// handingOver reports whether a master lets its writes wait for the replica that takes over.
func handingOver(t *testing.T, n *sentineltest.Node) bool {
	t.Helper()
	info, err := n.Info(t.Context(), "replication")
	return err == nil && info["master_failover_state"] == "waiting-for-sync"
}

// TestKilledOverHTTP: the exporter is killed for good, or its client goes away, in the middle of a failover that was asked for
// over HTTP. The one ends the exporter's part: the pause ends by itself, and the Sentinels finish or give up. The other ends
// nothing.
func TestKilledOverHTTP(t *testing.T) {
	t.Parallel()
	version, err := sentineltest.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name      string
		query     string
		kill      bool // the exporter; otherwise the client goes away
		givenBack bool // nobody is promoted
		handover  bool // not before the master hands over
	}{
		{name: "fence, exporter", query: "fence=true", kill: true},
		{name: "fence, exporter, given back", query: "fence=true", kill: true, givenBack: true},
		{name: "fence, client", query: "fence=true"},
		{name: "coordinated, exporter", query: "coordinated=true", kill: true},
		{name: "coordinated, client", query: "coordinated=true"},
		{name: "handover, exporter", query: "coordinated=true", kill: true, handover: true},
		{name: "handover, client", query: "coordinated=true", handover: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(test.query, "coordinated") && (version.Product != "valkey" || version.Major < 9) {
				return // refused: admin.TestCoordinatedVersions
			}
			attempt := func() bool {
				r := newAdminProcess(t)
				letGo := func() {}
				heir := r.Masters[0].Replicas[0]
				if test.givenBack {
					r.cli(heir, "ACL", "SETUSER", "default", "-slaveof", "-replicaof")
				}
				ctx, goAway := context.WithCancel(t.Context())
				defer goAway()
				answered := make(chan error, 1)
				go func() { answered <- r.failOver(ctx, test.query) }()
				sentineltest.WaitFor(t, "the middle of the failover", func() bool {
					// The handover must be held before it begins.
					return strings.Contains(r.exporter.Stderr.String(), "SENTINEL FAILOVER") && (test.handover || r.failingOver())
				})
				if test.handover {
					var held bool
					if letGo, held = holdHandover(t, r.Topology); !held {
						goAway()
						t.Logf("the master had handed over before: %v", <-answered)
						return false
					}
				}
				if test.kill {
					r.exporter.Kill(t)
				} else {
					goAway()
				}
				if err := <-answered; err == nil {
					t.Fatal("the failover had ended before")
				}
				letGo()
				r.writesGoOn(test.query == "fence=true" && test.kill, test.givenBack)
				if test.kill {
					return true
				}
				sentineltest.WaitFor(t, "the failover to be reported in the log", func() bool {
					lines := audits(r.exporter.Stderr.String())
					return len(lines) == 1 && strings.Contains(lines[0], "result=ok")
				})
				return true
			}
			for range 5 { // on a busy machine the master may have handed over before it is looked at
				if attempt() {
					return
				}
			}
			t.Error("the master had handed over before, each time")
		})
	}
}

// An adminProcess is an exporter in a process of its own, which changes a deployment over HTTP.
type adminProcess struct {
	*sentineltest.Topology
	t        *testing.T
	exporter *exportertest.Process
	url      string // of the admin listener
}

func newAdminProcess(t *testing.T) *adminProcess {
	t.Helper()
	const password = "canary-killed-http"
	r := &adminProcess{t: t, Topology: sentineltest.Run(t, sentineltest.Config{
		Replicas: 1, DownAfter: 20 * time.Second, FailoverTimeout: 3 * time.Second,
		NodeConf: []string{sentineltest.DocumentedUser(t, "../docs/admin.md", "fence", password)},
	})}
	listen := sentineltest.FreeAddr(t)
	r.url = "http://" + listen
	r.exporter = exportertest.StartProcess(t, "--sentinel.address="+strings.Join(r.SentinelAddrs(), ","), "--log.level=debug",
		"--admin.listen-address="+listen, "--admin.config.file="+exportertest.TempFile(t, exportertest.AdminUsers),
		"--node.username=fence", "--node.password-file="+exportertest.TempFile(t, password))
	sentineltest.WaitFor(t, "the admin listener", func() bool {
		return strings.Contains(r.exporter.Stderr.String(), "The admin listener is open")
	})
	return r
}

func (r *adminProcess) cli(n *sentineltest.Node, args ...string) string {
	r.t.Helper()
	out, err := n.CLI(r.t.Context(), args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// failOver asks for a failover. The error is that there was no answer.
func (r *adminProcess) failOver(ctx context.Context, query string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/api/v1/masters/mymaster/failover?"+query, http.NoBody)
	if err != nil {
		return err
	}
	request.SetBasicAuth("operator", exportertest.AdminPassword)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil {
		r.t.Logf("it answers %s %s", response.Status, text)
	}
	return err
}

func (r *adminProcess) failingOver() bool {
	return slices.ContainsFunc(r.MasterField(r.t.Context(), "mymaster", "flags"), func(flags string) bool {
		return strings.Contains(flags, "failover_in_progress")
	})
}

// writesGoOn wants the master to take writes, and the other node to be its replica and to get them. A pause that nobody can
// end any more lasts 10 s at most.
func (r *adminProcess) writesGoOn(paused, givenBack bool) {
	r.t.Helper()
	const mostFenced = 10 * time.Second
	old, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
	began := time.Now()
	ctx, cancel := context.WithTimeout(r.t.Context(), 2*mostFenced)
	defer cancel()
	err := write(ctx, old)
	took := time.Since(began)
	r.t.Logf("the old master answered a write after %s: %v", took.Round(time.Millisecond), err)
	if readonly := err != nil && strings.Contains(err.Error(), "READONLY"); err != nil && !readonly || took > mostFenced+2*time.Second {
		r.t.Errorf("it answers a write after %s: %v", took, err)
	}
	if paused && givenBack && took < time.Second {
		r.t.Errorf("it took a write after %s: there was no pause", took)
	}
	master, replica := heir, old
	if givenBack {
		master, replica = old, heir
	}
	sentineltest.WaitFor(r.t, "the Sentinels to agree", func() bool {
		node, err := r.MasterNode(r.t.Context(), "mymaster")
		return err == nil && node == master && !r.failingOver()
	})
	r.cli(master, "SET", "kept", "x")
	sentineltest.WaitFor(r.t, "the other node to have what the master takes", func() bool {
		value, err := replica.CLI(r.t.Context(), "GET", "kept")
		return err == nil && value == "x"
	})
	if role := r.cli(replica, "ROLE"); !strings.HasPrefix(role, "slave") {
		r.t.Errorf("the other node is %s", role)
	}
}

// killed runs a command in a process of its own and kills it at the line of its progress that is asked for. It returns false if
// the command ends without one.
func killed(t *testing.T, args []string, at func(line string) bool) bool {
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
		if at(lines.Text()) {
			was = cmd.Process.Kill() == nil
		}
	}
	_ = cmd.Wait() // it was killed
	return was
}
