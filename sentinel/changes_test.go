package sentinel_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// known are the names of the masters that redis-cli finds, in order.
func known(ctx context.Context, t *testing.T, s *sentineltest.Sentinel) []string {
	t.Helper()
	rows, err := s.Rows(ctx, "SENTINEL", "MASTERS")
	must(t, err)
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = row.Get("name")
	}
	slices.Sort(names)
	return names
}

// config is the configuration file of a Sentinel.
func config(t *testing.T, s *sentineltest.Sentinel) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir(), "sentinel.conf"))
	must(t, err)
	return asRedis(string(text))
}

// asRedis is a configuration as Redis writes it: Valkey 9.1 quotes words and has
// new names for old settings.
func asRedis(config string) string {
	return strings.NewReplacer(`"`, "", "sentinel primary-", "sentinel master-").Replace(config)
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got the error %v, want %v", what, got, want)
	}
}

func TestMonitorAndRemove(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	s := topo.Sentinels[0]
	addr := topo.Masters[0].Node.Addr()
	c := newClient(t, sentinel.Options{Address: s.Addr()})
	ctx := within(t, 20*time.Second)

	must(t, c.Monitor(ctx, "second", addr, 2))
	row, err := s.Row(ctx, "SENTINEL", "MASTER", "second")
	must(t, err)
	if got := row.Get("ip") + ":" + row.Get("port") + " " + row.Get("quorum"); got != addr+" 2" {
		t.Errorf("redis-cli finds it at %s", got)
	}
	wantError(t, "twice", c.Monitor(ctx, "second", addr, 2), sentinel.ErrDuplicateMaster)
	for what, err := range map[string]error{
		"no quorum":         c.Monitor(ctx, "third", addr, 0),
		"no port":           c.Monitor(ctx, "third", "127.0.0.1", 1),
		"a port too large":  c.Monitor(ctx, "third", "127.0.0.1:99999", 1),
		"a port of letters": c.Monitor(ctx, "third", "127.0.0.1:redis", 1),
		"no such host":      c.Monitor(ctx, "third", "no-such-host.invalid:1", 1),
		"a newline":         c.Monitor(ctx, "third\nsentinel myid x", addr, 1),
	} {
		wantError(t, what, err, sentinel.ErrInvalidArgument)
	}
	if diff := cmp.Diff([]string{name, "second"}, known(ctx, t, s)); diff != "" {
		t.Errorf("after MONITOR (-want +got):\n%s", diff)
	}

	must(t, c.Remove(ctx, "second"))
	if diff := cmp.Diff([]string{name}, known(ctx, t, s)); diff != "" {
		t.Errorf("after REMOVE (-want +got):\n%s", diff)
	}
	wantError(t, "twice", c.Remove(ctx, "second"), sentinel.ErrNoSuchMaster)
}

// TestMonitorByNameAndIPv6: host names where the Sentinel resolves them, and IPv6.
func TestMonitorByNameAndIPv6(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"localhost", "::1"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			topo := sentineltest.Run(t, sentineltest.Config{Host: host, Sentinels: 1, Replicas: 1})
			s := topo.Sentinels[0]
			c := newClient(t, sentinel.Options{Address: s.Addr()})
			ctx := within(t, 20*time.Second)
			want := topo.Masters[0].Node.Addr()
			must(t, c.Monitor(ctx, "second", want, 1))
			row, err := s.Row(ctx, "SENTINEL", "MASTER", "second")
			must(t, err)
			if row.Get("ip") != host {
				t.Errorf("redis-cli finds it at %s", row.Get("ip"))
			}
			got, err := c.MasterAddr(ctx, "second")
			if err != nil || got != sentinel.Some(want) {
				t.Errorf("MasterAddr is %v, %v; want %s", got, err, want)
			}
		})
	}
}

// TestSet sets each option, and reads it back through redis-cli where it is shown
// there, else in the file that the Sentinel keeps.
func TestSet(t *testing.T) {
	t.Parallel()
	const secret = "canary secret"
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	s := topo.Sentinels[0]
	c := newClient(t, sentinel.Options{Address: s.Addr()})
	ctx := within(t, 20*time.Second)
	for _, test := range []struct {
		option sentinel.Option
		field  string // of redis-cli
		line   string // of the file
	}{
		{sentinel.Option{Name: "down-after-milliseconds", Values: []string{"4321"}}, "down-after-milliseconds", ""},
		{sentinel.Option{Name: "failover-timeout", Values: []string{"54321"}}, "failover-timeout", ""},
		{sentinel.Option{Name: "parallel-syncs", Values: []string{"3"}}, "parallel-syncs", ""},
		{sentinel.Option{Name: "quorum", Values: []string{"7"}}, "quorum", ""},
		{sentinel.Option{Name: "auth-user", Values: []string{"someone"}}, "", "sentinel auth-user mymaster someone"},
		{sentinel.Option{Name: "auth-pass", Values: []string{"hush"}}, "", "sentinel auth-pass mymaster hush"},
		{sentinel.Option{Name: "auth-pass", Values: []string{""}}, "", "!sentinel auth-pass"},
		{sentinel.Option{Name: "rename-command", Values: []string{"CONFIG", "GUARDED"}}, "", "sentinel rename-command mymaster CONFIG GUARDED"},
		{sentinel.Option{Name: "master-reboot-down-after-period", Values: []string{"77"}}, "", "sentinel master-reboot-down-after-period mymaster 77"},
	} {
		must(t, c.Set(ctx, name, test.option))
		if test.field != "" {
			row, err := s.Row(ctx, "SENTINEL", "MASTER", name)
			must(t, err)
			if got := row.Get(test.field); got != test.option.Values[0] {
				t.Errorf("%s: redis-cli shows %s", test.option, got)
			}
			continue
		}
		line, unwanted := strings.CutPrefix(test.line, "!")
		if strings.Contains(config(t, s), line) == unwanted {
			t.Errorf("%s: the line %q in the file: %v\n%s", test.option, line, !unwanted, config(t, s))
		}
	}

	option := func(name string, values ...string) sentinel.Option {
		return sentinel.Option{Name: name, Values: values}
	}
	for _, test := range []struct {
		master string
		option sentinel.Option
		want   error
	}{
		{name, option("notification-script", "/bin/true"), sentinel.ErrScriptDenied},
		{name, option("client-reconfig-script", "/bin/true"), sentinel.ErrScriptDenied},
		{name, option("quorum", "0"), sentinel.ErrInvalidArgument},
		{name, option("quorum", "many"), sentinel.ErrInvalidArgument},
		{name, option("quorum"), sentinel.ErrInvalidArgument},
		{name, option("auth-pass", "a", secret), sentinel.ErrInvalidArgument},
		{name, option("auth-pass", "a\n"+secret), sentinel.ErrInvalidArgument},
		{name, option("rename-command", "one"), sentinel.ErrInvalidArgument},
		{name, option("no-such-option", "1"), sentinel.ErrUnknownOption},
		{"nosuch", option("quorum", "1"), sentinel.ErrNoSuchMaster},
		{"nosuch", option("auth-pass", secret), sentinel.ErrNoSuchMaster},
	} {
		err := c.Set(ctx, test.master, test.option)
		wantError(t, test.option.String(), err, test.want)
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

// TestSetScripts where the Sentinel allows it.
func TestSetScripts(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{
		Sentinels: 1, Replicas: sentineltest.None, SentinelConf: []string{"sentinel deny-scripts-reconfig no"},
	})
	c := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr()})
	ctx := within(t, 20*time.Second)
	for _, script := range []string{"notification-script", "client-reconfig-script"} {
		must(t, c.Set(ctx, name, sentinel.Option{Name: script, Values: []string{"/bin/true"}}))
		row, err := topo.Sentinels[0].Row(ctx, "SENTINEL", "MASTER", name)
		must(t, err)
		if got := row.Get(script); got != "/bin/true" {
			t.Errorf("redis-cli shows the %s %q", script, got)
		}
		err = c.Set(ctx, name, sentinel.Option{Name: script, Values: []string{"/no/such/script"}})
		wantError(t, script, err, sentinel.ErrInvalidArgument)
	}
}

// TestSetSeveral: it stops at the first that fails, and says which took effect.
func TestSetSeveral(t *testing.T) {
	t.Parallel()
	const secret = "canary-secret"
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	s := topo.Sentinels[0]
	c := newClient(t, sentinel.Options{Address: s.Addr()})
	ctx := within(t, 20*time.Second)
	pass := sentinel.Option{Name: "auth-pass", Values: []string{secret}}
	quorum := sentinel.Option{Name: "quorum", Values: []string{"3"}}
	bad := sentinel.Option{Name: "parallel-syncs", Values: []string{"none"}}
	later := sentinel.Option{Name: "quorum", Values: []string{"4"}}

	err := c.Set(ctx, name, pass, quorum, bad, later)
	var partial *sentinel.SetError
	if !errors.As(err, &partial) {
		t.Fatalf("got the error %v", err)
	}
	want := &sentinel.SetError{Applied: []sentinel.Option{pass, quorum}, Failed: bad, Skipped: []sentinel.Option{later}, Err: partial.Err}
	if diff := cmp.Diff(want.Applied, partial.Applied); diff != "" || partial.Failed.Name != bad.Name ||
		!cmp.Equal(want.Skipped, partial.Skipped) {
		t.Errorf("got %#v, want %#v", partial, want)
	}
	wantError(t, "several", err, sentinel.ErrInvalidArgument)
	if text := err.Error(); strings.Contains(text, secret) || !strings.Contains(text, "auth-pass ******, quorum 3") {
		t.Errorf("the error says %s", text)
	}
	row, err := s.Row(ctx, "SENTINEL", "MASTER", name)
	must(t, err)
	if row.Get("quorum") != "3" || !strings.Contains(config(t, s), "auth-pass mymaster "+secret) {
		t.Errorf("the quorum is %s", row.Get("quorum"))
	}

	must(t, c.Set(ctx, name, quorum, later))
	must(t, c.Set(ctx, name))
	row, err = s.Row(ctx, "SENTINEL", "MASTER", name)
	must(t, err)
	if row.Get("quorum") != "4" {
		t.Errorf("in order: the quorum is %s", row.Get("quorum"))
	}
}

// TestReset by a glob: the replicas are forgotten, and found again.
func TestReset(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{
		Masters: []string{"cache-1", "cache-2", "queue"}, Sentinels: 1, Replicas: 1,
	})
	s := topo.Sentinels[0]
	c := newClient(t, sentinel.Options{Address: s.Addr()})
	ctx := within(t, 20*time.Second)
	replicas := func(name string) string {
		row, err := s.Row(ctx, "SENTINEL", "MASTER", name)
		must(t, err)
		return row.Get("num-slaves")
	}
	if n, err := c.Reset(ctx, "cache-*"); n != 2 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	log, err := s.Log()
	must(t, err)
	if strings.Count(log, "+reset-master") != 2 || strings.Contains(log, "+reset-master master queue") {
		t.Errorf("the Sentinel has logged:\n%s", log)
	}
	if got := replicas("queue"); got != "1" {
		t.Errorf("queue has %s replicas", got)
	}
	sentineltest.WaitFor(t, "the replicas to be found again", func() bool { return replicas("cache-1")+replicas("cache-2") == "11" }) // found again
	for _, pattern := range []string{"nosuch*", sentinel.ResetPattern("cache-*"), sentinel.ResetPattern("cache-?"), sentinel.ResetPattern("cache-[12]"), sentinel.ResetPattern(`c\ache-1`)} {
		if n, err := c.Reset(ctx, pattern); n != 0 || err != nil {
			t.Errorf("%s: got %d, %v", pattern, n, err)
		}
	}
	if n, err := c.Reset(ctx, sentinel.ResetPattern("cache-1")); n != 1 || err != nil {
		t.Errorf("one: got %d, %v", n, err)
	}
}

// TestFlushConfig writes a deleted file again, and says when it cannot.
func TestFlushConfig(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	s := topo.Sentinels[0]
	c := newClient(t, sentinel.Options{Address: s.Addr()})
	ctx := within(t, 20*time.Second)
	must(t, os.Remove(filepath.Join(s.Dir(), "sentinel.conf")))
	must(t, c.FlushConfig(ctx))
	if text := config(t, s); !strings.Contains(text, "sentinel monitor "+name) {
		t.Errorf("the file is\n%s", text)
	}
	must(t, s.Restart(ctx))
	if got := known(ctx, t, s); !slices.Equal(got, []string{name}) {
		t.Errorf("after a restart it monitors %v", got)
	}

	away := s.Dir() + ".away" // the Sentinel stays in it and may not make files there
	must(t, os.Rename(s.Dir(), away))
	defer func() { must(t, os.Rename(away, s.Dir())) }()
	wantError(t, "no directory", c.FlushConfig(ctx), sentinel.ErrConfigNotSaved)
	err := c.Set(ctx, name, sentinel.Option{Name: "quorum", Values: []string{"5"}}, sentinel.Option{Name: "quorum", Values: []string{"6"}})
	wantError(t, "no directory", err, sentinel.ErrConfigNotSaved)
	row, err := s.Row(ctx, "SENTINEL", "MASTER", name)
	must(t, err)
	if row.Get("quorum") != "5" {
		t.Errorf("the quorum is %s, want 5: in effect, and nothing after it", row.Get("quorum"))
	}
}

// TestFailoverCommand follows one to its end, through redis-cli.
func TestFailoverCommand(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{})
	c := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr()})
	ctx := within(t, 60*time.Second)
	old := topo.Masters[0].Node.Addr()
	must(t, c.Failover(ctx, name))
	wantError(t, "another", c.Failover(ctx, name), sentinel.ErrFailoverInProgress)
	wantError(t, "no such master", c.Failover(ctx, "nosuch"), sentinel.ErrNoSuchMaster)
	addr, err := topo.WaitFailover(ctx, name, old)
	must(t, err)
	must(t, topo.WaitSettled(ctx))
	role := topo.NodeAt(addr)
	if info, err := role.Info(ctx, "replication"); err != nil || info["role"] != "master" || info["connected_slaves"] != "2" {
		t.Errorf("the new master says %v, %v", info, err)
	}
}

func TestFailoverWithoutReplica(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	c := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr()})
	wantError(t, "no replica", c.Failover(within(t, 10*time.Second), name), sentinel.ErrNoGoodReplica)
}

// TestOddNames: they pass through all commands as they are.
func TestOddNames(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Masters: []string{"plain"}, Sentinels: 1, Replicas: 1})
	c := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr()})
	addr := topo.Masters[0].Node.Addr()
	ctx := within(t, 30*time.Second)
	for _, odd := range oddNames() {
		must(t, c.Monitor(ctx, odd, addr, 1))
		got, err := c.MasterAddr(ctx, odd)
		must(t, err)
		m, err := c.Master(ctx, odd)
		must(t, err)
		if got != sentinel.Some(addr) || m.Name != odd {
			t.Errorf("%q: found as %q at %v", odd, m.Name, got)
		}
		must(t, c.Set(ctx, odd, sentinel.Option{Name: "quorum", Values: []string{"2"}}))
		_, err = c.Sentinels(ctx, odd)
		must(t, err)
		_, err = c.CKQuorum(ctx, odd)
		must(t, err)
		sentineltest.WaitFor(t, "its replica", func() bool {
			replicas, err := c.Replicas(ctx, odd)
			must(t, err)
			return len(replicas) == 1
		})
		if n, err := c.Reset(ctx, strings.ReplaceAll(odd, `\`, `\\`)); n != 1 || err != nil {
			t.Errorf("%q: reset %d, %v", odd, n, err)
		}
		if err := c.Failover(ctx, odd); !errors.Is(err, sentinel.ErrNoGoodReplica) {
			t.Errorf("%q: failover: %v", odd, err)
		}
		must(t, c.Remove(ctx, odd))
		wantError(t, odd, c.Remove(ctx, odd), sentinel.ErrNoSuchMaster)
	}
}

func oddNames() []string {
	return []string{"a,b=c", "sp ace", "\xff\xfe", "", "größe", `\xff`, "\"quoted'"}
}

// TestChangesAreSentOnce: whatever becomes of the connection.
func TestChangesAreSentOnce(t *testing.T) {
	t.Parallel()
	quorum := sentinel.Option{Name: "quorum", Values: []string{"2"}}
	changes := map[string]func(context.Context, *sentinel.Client) error{
		"FAILOVER":    func(ctx context.Context, c *sentinel.Client) error { return c.Failover(ctx, name) },
		"RESET":       func(ctx context.Context, c *sentinel.Client) error { _, err := c.Reset(ctx, "*"); return err },
		"MONITOR":     func(ctx context.Context, c *sentinel.Client) error { return c.Monitor(ctx, "x", "127.0.0.1:1", 1) },
		"REMOVE":      func(ctx context.Context, c *sentinel.Client) error { return c.Remove(ctx, name) },
		"SET":         func(ctx context.Context, c *sentinel.Client) error { return c.Set(ctx, name, quorum, quorum) },
		"FLUSHCONFIG": func(ctx context.Context, c *sentinel.Client) error { return c.FlushConfig(ctx) },
	}
	faults := map[string]sentineltest.Script{
		"closed": sentineltest.Closed(nil), "reset": sentineltest.ResetAfter(nil), "silent": sentineltest.Silent(nil),
		"half an answer": sentineltest.Closed([]byte("+O")),
	}
	for command, change := range changes {
		for fault, script := range faults {
			t.Run(command+" "+fault, func(t *testing.T) {
				t.Parallel()
				fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
				fake.Script("SENTINEL "+command, script)
				c := newClient(t, sentinel.Options{Address: fake.Addr()})
				must(t, c.Ping(within(t, 5*time.Second))) // a kept connection is a reason to try again, for what only reads
				deadline := 20 * time.Second              // which only a busy machine needs
				if fault == "silent" {
					deadline = time.Second // which passes
				}
				start := time.Now()
				err := change(within(t, deadline), c)
				wantError(t, command, err, sentinel.ErrUnanswered)
				if took := time.Since(start); took > deadline+grace {
					t.Errorf("took %v", took)
				}
				if n := fake.Count("SENTINEL " + command); n != 1 {
					t.Errorf("it was sent %d times", n)
				}
			})
		}
	}
}

// TestChangeThatWasNotSent is told from one that may have taken effect.
func TestChangeThatWasNotSent(t *testing.T) {
	t.Parallel()
	hung := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	hung.Script("PING", sentineltest.Silent(nil))
	for _, addr := range []string{hung.Addr(), "127.0.0.1:1"} {
		c := newClient(t, sentinel.Options{Address: addr})
		err := c.Failover(within(t, 300*time.Millisecond), name)
		if err == nil || errors.Is(err, sentinel.ErrUnanswered) {
			t.Errorf("%s: got %v", addr, err)
		}
	}
	if n := hung.Count("SENTINEL FAILOVER"); n != 0 {
		t.Errorf("it was sent %d times", n)
	}
}

// TestChangeAfterARestart: the kept connection is gone, which costs nothing.
func TestChangeAfterARestart(t *testing.T) {
	t.Parallel()
	topo := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	c := newClient(t, sentinel.Options{Address: topo.Sentinels[0].Addr()})
	ctx := within(t, 20*time.Second)
	must(t, c.Ping(ctx))
	must(t, topo.Sentinels[0].Restart(ctx))
	must(t, c.FlushConfig(ctx))
}

// TestEchoedPassword: a Sentinel that quotes what it was told.
func TestEchoedPassword(t *testing.T) {
	t.Parallel()
	const secret = "canary-secret"
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	fake.Reply("SENTINEL SET", []byte("-ERR Invalid argument '"+secret+"' for SENTINEL SET 'auth-pass'\r\n"))
	c := newClient(t, sentinel.Options{Address: fake.Addr()})
	err := c.Set(within(t, 5*time.Second), name, sentinel.Option{Name: "auth-pass", Values: []string{secret}})
	wantError(t, "echo", err, sentinel.ErrInvalidArgument)
	if strings.Contains(err.Error(), secret) {
		t.Errorf("the error tells the password: %v", err)
	}
}

// TestRefusals: the texts of all versions.
func TestRefusals(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	c := newClient(t, sentinel.Options{Address: fake.Addr()})
	for text, want := range map[string]error{
		"ERR Duplicate master name.":                                                           sentinel.ErrDuplicateMaster,
		"ERR Duplicated master name":                                                           sentinel.ErrDuplicateMaster,
		"ERR Invalid IP address specified":                                                     sentinel.ErrInvalidArgument,
		"ERR Invalid IP address or hostname specified":                                         sentinel.ErrInvalidArgument,
		"ERR Invalid quorum":                                                                   sentinel.ErrInvalidArgument,
		"ERR Invalid port number":                                                              sentinel.ErrInvalidArgument,
		"ERR Quorum must be 1 or greater.":                                                     sentinel.ErrInvalidArgument,
		"ERR Failed to save config file. Check server logs.":                                   sentinel.ErrConfigNotSaved,
		"INPROG Failover already in progress":                                                  sentinel.ErrFailoverInProgress,
		"NOGOODSLAVE No suitable replica to promote":                                           sentinel.ErrNoGoodReplica,
		"ERR Unknown option or number of arguments for SENTINEL SET 'foo'":                     sentinel.ErrUnknownOption,
		"ERR Notification script seems non existing or non executable":                         sentinel.ErrInvalidArgument,
		"ERR Invalid argument at index 4 for SENTINEL SET: control characters are not allowed": sentinel.ErrInvalidArgument,
	} {
		fake.Reply("SENTINEL MONITOR", []byte("-"+text+"\r\n"))
		wantError(t, text, c.Monitor(within(t, 5*time.Second), "x", "127.0.0.1:1", 1), want)
	}
}
