package sentinel_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

const name = "mymaster"

// within is a context for what must be quick.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func newClient(t *testing.T, o sentinel.Options) *sentinel.Client {
	t.Helper()
	c := sentinel.NewClient(o)
	t.Cleanup(c.Close)
	return c
}

func password(p string) func() (string, error) { return func() (string, error) { return p, nil } }

// TestReadCommands compares each read command with what redis-cli prints.
func TestReadCommands(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{})
	s := topo.Sentinels[0]
	ctx := within(t, 10*time.Second)
	c := newClient(t, sentinel.Options{Address: s.Addr()})
	sentineltest.WaitFor(t, "the replicas to have written something", func() bool { // the replicas have written something
		replicas, err := c.Replicas(ctx, name)
		must(t, err)
		return !slices.ContainsFunc(replicas, func(r sentinel.Replica) bool { return r.ReplOffset.Value == 0 })
	})

	masters, err := c.Masters(ctx)
	must(t, err)
	row, err := s.Row(ctx, "SENTINEL", "MASTER", name)
	must(t, err)
	compareMaster(t, row.Map(), &masters[0])
	master, err := c.Master(ctx, name)
	must(t, err)
	compareMaster(t, row.Map(), master)

	replicas, err := c.Replicas(ctx, name)
	must(t, err)
	rows, err := s.Rows(ctx, "SENTINEL", "REPLICAS", name)
	must(t, err)
	if len(rows) != 2 || len(replicas) != 2 {
		t.Fatalf("redis-cli lists %d replicas, we %d; want 2", len(rows), len(replicas))
	}
	for _, row := range rows {
		want := row.Map()
		i := slices.IndexFunc(replicas, func(r sentinel.Replica) bool { return r.Name == want["name"] })
		compareReplica(t, want, &replicas[i])
	}

	peers, err := c.Sentinels(ctx, name)
	must(t, err)
	rows, err = s.Rows(ctx, "SENTINEL", "SENTINELS", name)
	must(t, err)
	if len(rows) != 2 || len(peers) != 2 {
		t.Fatalf("redis-cli lists %d peers, we %d; want 2", len(rows), len(peers))
	}
	for _, row := range rows {
		want := row.Map()
		i := slices.IndexFunc(peers, func(p sentinel.Peer) bool { return p.Name == want["name"] })
		comparePeer(t, want, &peers[i])
	}

	quorum, err := c.CKQuorum(ctx, name)
	must(t, err)
	text, err := s.CLI(ctx, "SENTINEL", "CKQUORUM", name)
	must(t, err)
	if diff := cmp.Diff(&sentinel.CKQuorum{Usable: 3, QuorumReachable: true, MajorityReachable: true, Text: text}, quorum); diff != "" {
		t.Error(diff)
	}

	var addr []string
	must(t, s.JSON(ctx, &addr, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", name))
	got, err := c.MasterAddr(ctx, name)
	must(t, err)
	if want := sentinel.Some(net.JoinHostPort(addr[0], addr[1])); got != want {
		t.Errorf("MasterAddr is %v, want %v", got, want)
	}

	if topo.Version.AtLeast(6, 2) {
		id, err := c.MyID(ctx)
		must(t, err)
		wantID, err := s.CLI(ctx, "SENTINEL", "MYID")
		must(t, err)
		if id != wantID {
			t.Errorf("MyID is %q, want %q", id, wantID)
		}
	} else if _, err := c.MyID(ctx); err == nil {
		t.Error("MyID has an answer, from before Redis 6.2")
	}

	info, err := c.Info(ctx)
	must(t, err)
	want, err := s.Info(ctx)
	must(t, err)
	product, version := sentineltest.ProductOf(want)
	if info.RunID != want["run_id"] || info.Version != version || info.Product != product ||
		text10(info.Masters) != want["sentinel_masters"] || info.MaxClients.Present && text10(info.MaxClients) != want["maxclients"] ||
		info.MaxClients.Present != topo.Version.AtLeast(6, 2) {
		t.Errorf("INFO is %+v, want %v", info, want)
	}

	cache, err := c.InfoCache(ctx, name)
	must(t, err)
	roles := make([]string, len(cache))
	for i := range cache {
		roles[i] = cache[i].Role
	}
	slices.Sort(roles)
	if diff := cmp.Diff([]string{"master", "slave", "slave"}, roles); diff != "" {
		t.Errorf("INFO-CACHE roles:\n%s", diff)
	}
	if cache[0].RunID != row.Get("runid") || cache[0].Version != version || cache[0].ReplicationID == "" {
		t.Errorf("INFO-CACHE begins with %+v", cache[0])
	}

	scripts, err := c.PendingScripts(ctx)
	if err != nil || len(scripts) != 0 {
		t.Errorf("PENDING-SCRIPTS: %v, %v", scripts, err)
	}
	must(t, c.Ping(ctx))
}

// TestPendingScripts sees a notification script run, for real.
func TestPendingScripts(t *testing.T) {
	t.Parallel()
	script := t.TempDir() + "/notify.sh"
	must(t, os.WriteFile(script, []byte("#!/bin/sh\nexec sleep 60\n"), 0o700))
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None, SentinelConf: []string{
		"sentinel notification-script " + name + " " + script,
	}})
	c := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr()})
	ctx := within(t, 10*time.Second)
	_, err := topo.Sentinels[0].CLI(ctx, "SENTINEL", "SET", name, "quorum", "1") // +set is a warning: the script runs
	must(t, err)
	sentineltest.WaitFor(t, "the script to run", func() bool {
		scripts, err := c.PendingScripts(ctx)
		must(t, err)
		return slices.ContainsFunc(scripts, func(s sentinel.PendingScript) bool {
			return s.Running && s.PID > 0 && s.Argv[0] == script && s.Argv[1] == "+set"
		})
	})
}

// TestUnknownMaster: each command says so in its own way.
func TestUnknownMaster(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	c := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr()})
	ctx := within(t, 10*time.Second)
	if addr, err := c.MasterAddr(ctx, "nosuch"); err != nil || addr.Present {
		t.Errorf("MasterAddr: %v, %v; want absent without an error", addr, err)
	}
	calls := map[string]func() error{
		"Master":    func() error { _, err := c.Master(ctx, "nosuch"); return err },
		"Replicas":  func() error { _, err := c.Replicas(ctx, "nosuch"); return err },
		"Sentinels": func() error { _, err := c.Sentinels(ctx, "nosuch"); return err },
		"CKQuorum":  func() error { _, err := c.CKQuorum(ctx, "nosuch"); return err },
		"InfoCache": func() error { _, err := c.InfoCache(ctx, "nosuch"); return err },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, sentinel.ErrNoSuchMaster) {
			t.Errorf("%s: %v; want %v", name, err, sentinel.ErrNoSuchMaster)
		}
	}
}

// TestCKQuorumWithoutQuorum: NOQUORUM is an answer.
func TestCKQuorumWithoutQuorum(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Replicas: sentineltest.None})
	topo.Sentinels[1].Kill()
	topo.Sentinels[2].Kill()
	c := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr()})
	ctx := within(t, 10*time.Second)
	sentineltest.WaitFor(t, "no quorum and no majority", func() bool {
		q, err := c.CKQuorum(ctx, name)
		must(t, err)
		return !q.QuorumReachable && !q.MajorityReachable && q.Usable == 1
	})
	if m := c.Snapshot(ctx).Master(name); m.CKQuorumErr != nil || m.CKQuorum.OK() || m.Margin() != sentinel.Some[int64](-1) {
		t.Errorf("the snapshot has %+v, error %v, margin %v", m.CKQuorum, m.CKQuorumErr, m.Margin())
	}
}

// TestAccess: TLS, client certificates, passwords, ACL users, against real servers.
func TestAccess(t *testing.T) {
	t.Parallel()
	const secret = "canary-secret"
	topo := sentineltest.Run(t, sentineltest.Config{
		TLS: true, ClientCerts: true, Sentinels: 1, Replicas: sentineltest.None, Password: secret,
		ACL: []string{"user exporter on >" + secret + " resetchannels -@all +ping +info +sentinel|masters +sentinel|myid +sentinel|sentinels +sentinel|ckquorum"},
	})
	good, err := topo.TLS.ClientConfig()
	must(t, err)
	addr := topo.Sentinels[0].Addr()
	tests := []struct {
		name    string
		options sentinel.Options
		reason  sentinel.Reason
		up      bool
	}{
		{"right", sentinel.Options{TLS: good, Password: password(secret)}, -1, true},
		{"ACL user without REPLICAS", sentinel.Options{TLS: good, Username: "exporter", Password: password(secret)}, sentinel.ReasonPermission, true},
		{"no password", sentinel.Options{TLS: good}, sentinel.ReasonAuth, false},
		{"wrong password", sentinel.Options{TLS: good, Password: password("wrong-" + secret)}, sentinel.ReasonAuth, false},
		{"wrong user", sentinel.Options{TLS: good, Username: "nobody", Password: password(secret)}, sentinel.ReasonAuth, false},
		{"unreadable password", sentinel.Options{TLS: good, Password: func() (string, error) { return "", os.ErrNotExist }}, sentinel.ReasonAuth, false},
		{"no client certificate", sentinel.Options{TLS: &tls.Config{RootCAs: good.RootCAs}, Password: password(secret)}, sentinel.ReasonTLS, false},
		{"unknown authority", sentinel.Options{TLS: &tls.Config{Certificates: good.Certificates}, Password: password(secret)}, sentinel.ReasonTLS, false},
		{"wrong server name", sentinel.Options{TLS: &tls.Config{RootCAs: good.RootCAs, Certificates: good.Certificates, ServerName: "other.example"}}, sentinel.ReasonTLS, false},
		{"plain to a TLS port", sentinel.Options{Password: password(secret)}, sentinel.ReasonTLS, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.options.Address = addr
			s := newClient(t, test.options).Snapshot(within(t, 5*time.Second))
			if s.Up() != test.up || test.up != (len(s.Masters) == 1) {
				t.Errorf("up is %v with %d masters, error %v", s.Up(), len(s.Masters), s.Err)
			}
			if len(s.Failures) == 0 != (test.reason < 0) {
				t.Fatalf("failures are %v", s.Failures)
			}
			for _, f := range s.Failures {
				if f.Err.Reason != test.reason {
					t.Errorf("%s failed for %s (%v), want %s", f.Command, f.Err.Reason, f.Err, test.reason)
				}
				if strings.Contains(f.Err.Error(), secret) {
					t.Errorf("the error tells the password: %v", f.Err)
				}
			}
			if test.name == "ACL user without REPLICAS" {
				m := s.Master(name)
				if m.ReplicasErr == nil || m.PeersErr != nil || m.CKQuorumErr != nil || s.Info == nil || len(s.Failures) != 1 {
					t.Errorf("more failed than REPLICAS: %v", s.Failures)
				}
			}
		})
	}
}

// TestTLSToPlainPort: a Sentinel without TLS is told from one that is not there.
func TestTLSToPlainPort(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	c := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr(), TLS: &tls.Config{}})
	s := c.Snapshot(within(t, 2*time.Second))
	if e := s.Failed(sentinel.CommandMasters); e == nil || e.Reason == sentinel.ReasonTimeout && s.Duration < time.Second {
		t.Errorf("%v after %v", e, s.Duration)
	}
}

// TestPlainRedis: a data node is not a Sentinel.
func TestPlainRedis(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	c := newClient(t, sentinel.Options{Address: topo.Masters[0].Node.Addr()})
	s := c.Snapshot(within(t, 5*time.Second))
	if e := s.Failed(sentinel.CommandMasters); s.Up() || e == nil || e.Reason != sentinel.ReasonProtocol ||
		!strings.Contains(e.Error(), "not a Sentinel") {
		t.Errorf("up %v, error %v", s.Up(), s.Err)
	}
}

// TestPasswordThatNobodyDemands is no error.
func TestPasswordThatNobodyDemands(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	c := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr(), Password: password("sesame")})
	if s := c.Snapshot(within(t, 10*time.Second)); !s.Up() || len(s.Failures) > 0 {
		t.Errorf("up %v, failures %v", s.Up(), s.Failures)
	}
}

// TestPasswordIsReadForAConnection: one that cannot be read for a moment does no harm
// to a connection that stands.
func TestPasswordIsReadForAConnection(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None, Password: "sesame"})
	unreadable := errors.New("unreadable")
	var broken error
	c := newClient(t, sentinel.Options{
		Address:  topo.Sentinels[0].Addr(),
		Password: func() (string, error) { return "sesame", broken },
	})
	ctx := within(t, 20*time.Second)
	must(t, c.Snapshot(ctx).Err)
	broken = unreadable
	if s := c.Snapshot(ctx); !s.Up() || len(s.Failures) > 0 {
		t.Errorf("the connection that stands: %v, failures %v", s.Err, s.Failures)
	}
	c.Close() // the next call connects again
	s := c.Snapshot(ctx)
	if !errors.Is(s.Err, sentinel.ErrNoCredentials) || !errors.Is(s.Err, unreadable) || strings.Contains(s.Err.Error(), "sesame") {
		t.Errorf("a new connection: %v", s.Err)
	}
	broken = nil
	must(t, c.Snapshot(ctx).Err)
}

// TestRestart: the snapshot after a restart is right, without a failure between.
func TestRestart(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	c := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr()})
	ctx := within(t, 20*time.Second)
	before := c.Snapshot(ctx)
	must(t, before.Err)
	must(t, topo.Sentinels[0].Restart(ctx))
	after := c.Snapshot(ctx)
	if !after.Up() || after.ID != before.ID || after.Info.RunID == before.Info.RunID || len(after.Failures) > 0 {
		t.Errorf("after a restart: up %v, failures %v, id %s", after.Up(), after.Failures, after.ID)
	}
	topo.Sentinels[0].Kill()
	if dead := c.Snapshot(ctx); dead.Up() || dead.Failed(sentinel.CommandMasters).Reason != sentinel.ReasonUnreachable {
		t.Errorf("a killed Sentinel: up %v, error %v", dead.Up(), dead.Err)
	}
	must(t, topo.Sentinels[0].Restart(ctx))
	if back := c.Snapshot(ctx); !back.Up() {
		t.Errorf("the first snapshot after repair: %v", back.Err)
	}
}

// TestFailover: the leader of a failover advertises the new master before
// MASTERS shows it, and so does a snapshot of it.
func TestFailover(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{})
	ctx := within(t, 60*time.Second)
	leader := topo.Sentinels[0]
	c := newClient(t, sentinel.Options{Address: leader.Addr()})
	_, err := leader.CLI(ctx, "SENTINEL", "FAILOVER", name)
	must(t, err)
	states := map[sentinel.FailoverState]bool{}
	old := topo.Masters[0].Node.Addr()
	sentineltest.WaitFor(t, "the failover", func() bool {
		before, err := c.MasterAddr(ctx, name)
		must(t, err)
		s := c.Snapshot(ctx)
		must(t, s.Err)
		after, err := c.MasterAddr(ctx, name)
		must(t, err)
		m := s.Master(name)
		states[m.FailoverState] = true
		if before == after && m.Advertised() != before.Value {
			t.Errorf("in state %s a snapshot advertises %s, GET-MASTER-ADDR-BY-NAME %s", m.FailoverState, m.Advertised(), before.Value)
		}
		return m.FailoverState == sentinel.FailoverNone && m.Addr != old && m.ConfigEpoch.Value == 1
	})
	if len(states) < 3 {
		t.Errorf("only the states %v were seen", states)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func text10(n sentinel.Number) string { return strconv.FormatInt(n.Value, 10) }
