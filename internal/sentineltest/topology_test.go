package sentineltest

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		cfg  Config
	}{
		{"defaults", Config{}},
		{"IPv6", Config{Host: "::1"}},
		{"host names", Config{Host: "localhost", Replicas: 1}},
		{"TLS", Config{TLS: true, Replicas: 1}},
		{"TLS with client certificates", Config{ClientCerts: true, Replicas: 1}},
		{"passwords", Config{Password: "for sentinels", MasterPassword: `for "nodes"`, Replicas: 1}},
		{"no replicas", Config{Replicas: None, Sentinels: 1}},
		{"masters with odd names", Config{Masters: []string{"one", "sp ace", "\xff=ü"}, Replicas: 1, Sentinels: 1}},
		{"slow timers", Config{SlowTimers: true, NoSettle: true, Replicas: None, Sentinels: 1}},
		{"partitionable", Config{Partitionable: true, Replicas: 1}},
		{"partitionable with TLS", Config{Partitionable: true, TLS: true, Replicas: 1}},
		{"proxied", Config{Proxied: true, Replicas: None, Sentinels: 2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			topology := Run(t, tc.cfg)
			t.Logf("up in %s", time.Since(begin))
			for _, m := range topology.Masters {
				checkMaster(t, topology, m)
			}
		})
	}
}

// checkMaster compares what each Sentinel says about a master with what was started.
func checkMaster(t *testing.T, topology *Topology, m *MasterNodes) {
	t.Helper()
	for _, s := range topology.Sentinels {
		addr, err := s.masterAddr(within(t), m.Name)
		if err != nil || addr != m.Node.Addr() {
			t.Errorf("%s says that %q is at %s (%v), want %s", s.Name(), m.Name, addr, err, m.Node.Addr())
		}
	}
	role, err := m.Node.CLI(within(t), "ROLE")
	if err != nil || !strings.HasPrefix(role, "master") {
		t.Errorf("role of %s is %q (%v)", m.Node.Name(), role, err)
	}
}

func TestStartSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := Start(within(t), Config{Binary: "no-such-server"})
	if err == nil || !strings.Contains(err.Error(), "apt-get install") {
		t.Errorf("want an error that says what to install, got %v", err)
	}
}

func TestStartSaysWhyANodeEnded(t *testing.T) {
	t.Parallel()
	_, err := Start(within(t), Config{NodeConf: []string{"no-such-directive 1"}})
	if err == nil || !strings.Contains(err.Error(), "no-such-directive") {
		t.Errorf("want the server's own words, got %v", err)
	}
}

func TestStartHoldsToItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(within(t), 3*time.Second)
	defer cancel()
	begin := time.Now()
	_, err := Start(ctx, Config{Quorum: 2, Replicas: None, Sentinels: 1}) // which never has a quorum
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "NOQUORUM") {
		t.Errorf("want a deadline error that says what was amiss, got %v", err)
	}
	if took := time.Since(begin); took > 8*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	topology, err := Start(within(t), Config{Replicas: None, Sentinels: 2, NoSettle: true, Proxied: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := topology.Sentinels[1].Hang(); err != nil {
		t.Fatal(err)
	}
	dir := topology.Sentinels[0].Dir()
	addrs := append(topology.SentinelAddrs(), topology.ClientAddrs()...)
	if err := errors.Join(topology.Close(), topology.Close()); err != nil {
		t.Error(err)
	}
	for _, addr := range addrs {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			t.Errorf("%s still answers", addr)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}

func TestFailover(t *testing.T) {
	t.Parallel()
	topology := Run(t, Config{})
	m := topology.Masters[0]
	begin := time.Now()
	addr, err := topology.Failover(within(t), m.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("done in %s", time.Since(begin))
	promoted := topology.NodeAt(addr)
	if !slices.Contains(m.Replicas, promoted) {
		t.Fatalf("the new master is %v at %s, want one of the replicas", promoted, addr)
	}
	if err := topology.WaitSettled(within(t)); err != nil {
		t.Fatal(err)
	}
	role, err := promoted.CLI(within(t), "ROLE")
	if err != nil || !strings.HasPrefix(role, "master") {
		t.Errorf("role of %s is %q (%v)", addr, role, err)
	}
}

func TestMasterDies(t *testing.T) {
	t.Parallel()
	topology := Run(t, Config{})
	old := topology.Masters[0].Node
	old.Kill()
	if old.PID() != 0 || old.Live() {
		t.Error("a killed node counts as running")
	}
	begin := time.Now()
	addr, err := topology.WaitFailover(within(t), "mymaster", old.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s is master after %s", addr, time.Since(begin))
	if err := old.Restart(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := topology.WaitSettled(within(t)); err != nil {
		t.Fatal(err)
	}
	if node, err := topology.MasterNode(within(t), "mymaster"); err != nil || node.Addr() != addr {
		t.Errorf("the master is %v (%v), want %s", node, err, addr)
	}
	role, err := old.CLI(within(t), "ROLE")
	if err != nil || !strings.HasPrefix(role, "slave") {
		t.Errorf("role of the old master is %q (%v)", role, err)
	}
}

func TestSentinelHangsAndIsKilled(t *testing.T) {
	t.Parallel()
	topology := Run(t, Config{Replicas: None})
	witness, victim := topology.Sentinels[0], topology.Sentinels[2]
	if err := victim.Hang(); err != nil {
		t.Fatal(err)
	}
	waitPeer(t, witness, victim, "s_down,sentinel")
	if err := victim.Resume(); err != nil {
		t.Fatal(err)
	}
	waitPeer(t, witness, victim, "sentinel")
	if err := victim.Stop(); err != nil {
		t.Fatal(err)
	}
	waitPeer(t, witness, victim, "s_down,sentinel,disconnected")
	if err := topology.WaitSettled(within(t)); err != nil { // of those that are left
		t.Fatal(err)
	}
	if err := victim.Restart(within(t)); err != nil {
		t.Fatal(err)
	}
	timers, err := victim.Reply(within(t), "SENTINEL", "DEBUG")
	if err != nil || timers["TILT-TRIGGER"] != "10000" {
		t.Errorf("the timers after a restart: %v (%v)", timers, err)
	}
	if err := topology.WaitSettled(within(t)); err != nil {
		t.Fatal(err)
	}
	if log, err := victim.Log(); err != nil || strings.Count(log, "Running mode=sentinel") != 2 {
		t.Errorf("want two starts in the log (%v):\n%s", err, log)
	}
}

// waitPeer waits until one Sentinel shows these flags for another.
func waitPeer(t *testing.T, witness, peer *Sentinel, want string) {
	t.Helper()
	err := poll(within(t), func(ctx context.Context) error {
		rows, err := witness.Rows(ctx, "SENTINEL", "SENTINELS", "mymaster")
		if err != nil {
			return err
		}
		if got := find(rows, peer.Node).Get("flags"); got != want {
			return errors.New("flags are " + got)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("waiting for %s: %v", want, err)
	}
}

func TestSettledNoticesWhatIsAmiss(t *testing.T) {
	t.Parallel()
	topology := Run(t, Config{Replicas: 1, Sentinels: 2})
	if err := topology.settled(within(t)); err != nil {
		t.Fatal(err)
	}
	// The Sentinels do not know it yet, but it is so.
	topology.Masters[0].Node.Kill()
	if err := topology.settled(within(t)); err == nil || !strings.Contains(err.Error(), "which is not up") {
		t.Errorf("with a dead master: %v", err)
	}
	if err := topology.Masters[0].Node.Restart(within(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Sentinels[1].CLI(within(t), "SENTINEL", "RESET", "*"); err != nil {
		t.Fatal(err)
	}
	if err := topology.settled(within(t)); err == nil {
		t.Error("a Sentinel that forgot everything counts as settled")
	}
}

func TestTilt(t *testing.T) {
	t.Parallel()
	s := Run(t, Config{Replicas: None, Sentinels: 1}).Sentinels[0]
	before, err := s.Reply(within(t), "SENTINEL", "DEBUG")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ForceTilt(within(t)); err != nil {
		t.Fatal(err)
	}
	if log, err := s.Log(); err != nil || !strings.Contains(log, "+tilt") {
		t.Errorf("no +tilt in the log (%v)", err)
	}
	if err := s.EndTilt(within(t)); err != nil {
		t.Fatal(err)
	}
	after, err := s.Reply(within(t), "SENTINEL", "DEBUG")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the timers are not what they were (-before +after):\n%s", diff)
	}
}

func TestACL(t *testing.T) {
	t.Parallel()
	s := Run(t, Config{
		Password: "boss", Replicas: None, Sentinels: 1,
		ACL: []string{"user exporter on >secret resetchannels -@all +ping +sentinel|masters"},
	}).Sentinels[0]
	ctx := within(t)
	as := []string{"--user", "exporter", "--pass", "secret", "SENTINEL"}
	if _, err := s.CLI(ctx, append(as, "MASTERS")...); err != nil {
		t.Error(err)
	}
	_, err := s.CLI(ctx, append(as, "CKQUORUM", "mymaster")...)
	if err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("want NOPERM, got %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "secret") {
		t.Errorf("the password is in the error: %v", err)
	}
	if err := s.Restart(ctx); err != nil { // with the configuration file as the Sentinel rewrote it
		t.Fatal(err)
	}
	if _, err := s.CLI(ctx, append(as, "MASTERS")...); err != nil {
		t.Error(err)
	}
}

func TestRestartFindsItsPortTaken(t *testing.T) {
	t.Parallel()
	s := Run(t, Config{Replicas: None, Sentinels: 1, NoSettle: true}).Sentinels[0]
	s.Kill()
	thief, err := net.Listen("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := s.Restart(within(t)); !errors.Is(err, errAddressInUse) {
		t.Errorf("want errAddressInUse, got %v", err)
	}
	if took := time.Since(begin); took > 10*time.Second { // the thief never answers
		t.Errorf("took %s to see that the node had ended", took)
	}
	if err := errors.Join(thief.Close(), s.Restart(within(t))); err != nil {
		t.Error(err)
	}
}

func TestPortsAreReserved(t *testing.T) {
	t.Parallel()
	p, err := reservePort("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	again := &port{number: p.number}
	if p.lock != nil && again.tryLock() == nil {
		t.Errorf("port %d could be reserved twice", p.number)
	}
	p.release()
	if err := again.tryLock(); err != nil {
		t.Error(err)
	}
	again.release()
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		line         string
		want         Version
		major, minor int
		atLeast      bool
	}{
		{"Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0", Version{"redis", 7, 0, "7.0.15"}, 7, 0, true},
		{"Redis server v=7.0.15 sha=00000000:0", Version{"redis", 7, 0, "7.0.15"}, 7, 2, false},
		{"Redis server v=6.2.16 sha=00000000:0", Version{"redis", 6, 2, "6.2.16"}, 7, 0, false},
		{"Redis server v=10.0.0 sha=00000000:0", Version{"redis", 10, 0, "10.0.0"}, 8, 2, true},
		{"Valkey server v=9.1.2 sha=00000000:0", Version{"valkey", 9, 1, "9.1.2"}, 7, 2, true},
		{"Valkey server v=9.1.2 sha=00000000:0", Version{"valkey", 9, 1, "9.1.2"}, 8, 0, false},
	} {
		got, err := parseVersion(tc.line)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.line, diff)
		}
		if got.AtLeast(tc.major, tc.minor) != tc.atLeast {
			t.Errorf("%s: at least %d.%d is %t", tc.line, tc.major, tc.minor, !tc.atLeast)
		}
	}
	if _, err := parseVersion("something else"); err == nil {
		t.Error("no error for what is no version")
	}
}

// within is the test's context with an end, since most waits here have no other.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
