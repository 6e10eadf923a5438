package cli_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/cli"
	"redis_sentinel_exporter/internal/sentineltest"
)

const (
	authPass = "canary-auth-pass" // must be seen nowhere
	timeout  = 5 * time.Second    // of the Sentinels
)

// A terminalRig runs the commands before real Sentinels.
type terminalRig struct {
	*sentineltest.Topology
	t    *testing.T
	said strings.Builder
}

// run runs a command without a terminal, and with --yes if that is among the words.
func (r *terminalRig) run(words ...string) (status int, stdout, stderr string) {
	return r.talk(cli.Streams{In: strings.NewReader("y\n")}, words...)
}

// talk runs a command at a terminal where somebody types.
func (r *terminalRig) talk(streams cli.Streams, words ...string) (status int, stdout, stderr string) {
	r.t.Helper()
	var out, errs bytes.Buffer
	streams.Out, streams.Err, streams.Timeout = &out, &errs, timeout
	ctx, cancel := context.WithTimeout(r.t.Context(), 60*time.Second)
	defer cancel()
	status = run(ctx, r.ClientAddrs(), streams, words...)
	r.said.WriteString(out.String() + errs.String())
	return status, out.String(), errs.String()
}

// want holds a command to its exit code and to what it prints.
func (r *terminalRig) want(status int, words []string, parts ...string) {
	r.t.Helper()
	got, stdout, stderr := r.run(words...)
	if got != status {
		r.t.Errorf("%v: exit code %d, want %d:\n%s%s", words, got, status, stdout, stderr)
	}
	for _, part := range parts {
		if !strings.Contains(stdout+stderr, part) {
			r.t.Errorf("%v does not say %q:\n%s%s", words, part, stdout, stderr)
		}
	}
}

func (r *terminalRig) shows(master, field, want string) {
	r.t.Helper()
	for i, got := range r.MasterField(r.t.Context(), master, field) {
		if got != want {
			r.t.Errorf("Sentinel %d has the %s of %s as %q, want %q", i, field, master, got, want)
		}
	}
}

func TestCommandsThatWrite(t *testing.T) {
	t.Parallel()
	r := &terminalRig{Topology: sentineltest.Run(t, sentineltest.Config{Masters: []string{"mymaster", "other"}, Replicas: 1}), t: t}
	file := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(file, []byte(authPass+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := r.Masters[1].Node.Addr()

	r.want(0, []string{"set", "other", "quorum", "1", "parallel-syncs", "3", "--auth-pass-file", file, "--yes"}, "SENTINEL SET other auth-pass ******", "  ok")
	r.shows("other", "quorum", "1")
	r.shows("other", "parallel-syncs", "3")
	r.want(0, []string{"set", "other", "auth-pass", "", "rename-command", "CONFIG", "CONFIG2", "--yes"})
	r.want(0, []string{"remove", "other", "--dry-run"}, "SENTINEL REMOVE other", "settings_forgotten", "quorum 1", "auth-pass")
	r.shows("other", "quorum", "1")
	r.want(0, []string{"remove", "other", "--yes"}, "  ok")
	r.shows("other", "quorum", "")
	r.want(0, []string{"monitor", "other", addr, "2", "--dry-run"}, "SENTINEL MONITOR other "+addr+" 2", "settings_default")
	r.want(0, []string{"monitor", "other", addr, "2", "--set", "parallel-syncs=4", "--set=down-after-milliseconds=1234", "--yes"}, "  ok")
	r.shows("other", "down-after-milliseconds", "1234")
	r.want(0, []string{"flush-config", "--yes"}, "SENTINEL FLUSHCONFIG")
	r.want(1, []string{"monitor", "third", addr, "2", "--yes"}, "Refused", "address_taken", "--force")
	r.shows("third", "ip", "")
	r.want(0, []string{"reset", "mymaster", "--yes"}, "SENTINEL RESET mymaster", "waiting: the Sentinel has not rediscovered", "  ok")
	r.shows("mymaster", "num-slaves", "1")
	r.want(0, []string{"failover", "mymaster", "--yes"}, "is the master now, after")
	if got := r.MasterField(t.Context(), "mymaster", "config-epoch"); got[0] == "0" || got[0] != got[1] || got[1] != got[2] {
		t.Errorf("after the failover the epochs are %v", got)
	}

	r.Sentinels[1].Kill()
	r.want(1, []string{"set", "mymaster", "quorum", "3", "--yes"}, "FAILED", r.Sentinels[1].Addr(), "run the command again to complete it")
	r.want(1, []string{"set", "mymaster", "quorum", "3", "--dry-run"}, "cannot: ")
	if err := r.Sentinels[1].Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.want(0, []string{"set", "mymaster", "quorum", "3", "--yes"})
	r.shows("mymaster", "quorum", "3")
	if strings.Contains(r.said.String(), authPass) {
		t.Errorf("the password is printed:\n%s", &r.said)
	}
}

// TestCommandsAsk on a terminal, and want --yes without one.
func TestCommandsAsk(t *testing.T) {
	t.Parallel()
	r := &terminalRig{Topology: sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None}), t: t}
	set := func(quorum string, more ...string) []string {
		return append([]string{"set", "mymaster", "quorum", quorum}, more...)
	}
	at := func(typed string) cli.Streams { return cli.Streams{In: strings.NewReader(typed), Terminal: true} }
	for _, test := range []struct {
		what    string
		streams cli.Streams
		words   []string
		status  int
		asked   bool
		says    string
		quorum  string
	}{
		{"no terminal", cli.Streams{In: strings.NewReader("y\n")}, set("2"), 1, false, "give --yes", "1"},
		{"no terminal, forced", cli.Streams{In: strings.NewReader("y\n")}, set("2", "--force"), 1, false, "give --yes", "1"},
		{"no", at("n\n"), set("2"), 1, true, "Nothing was done", "1"},
		{"nothing typed", at("\n"), set("2"), 1, true, "Nothing was done", "1"},
		{"something else", at("yo\n"), set("2"), 1, true, "Nothing was done", "1"},
		{"the end of the input", at(""), set("2"), 1, true, "give --yes", "1"},
		{"yes", at("y\n"), set("2"), 0, true, "SENTINEL SET mymaster quorum 2", "2"},
		{"the whole word", at("YES\n"), set("3"), 0, true, "", "3"},
		{"not asked", at(""), set("4", "--yes"), 0, false, "", "4"},
		{"a dry run", at(""), set("5", "--dry-run"), 0, false, "SENTINEL SET mymaster quorum 5", "4"},
		{"an unknown option", at("y\n"), []string{"set", "mymaster", "no-such", "1"}, 1, false, "there is no option", "4"},
		{"a script", at("y\n"), []string{"set", "mymaster", "notification-script", "/bin/true"}, 1, false, "path of a script", "4"},
		{"no value", at("y\n"), []string{"set", "mymaster", "quorum"}, 1, false, "lacks its value", "4"},
		{"nothing to set", at("y\n"), []string{"set", "mymaster"}, 1, false, "no option to set", "4"},
		{"a bad value", at("y\n"), set("many"), 1, false, "whole number", "4"},
		{"a password", at("y\n"), []string{"set", "mymaster", "auth-pass", authPass}, 1, false, "--auth-pass-file", "4"},
		{"no password file", at("y\n"), []string{"set", "mymaster", "--auth-pass-file=/no/such"}, 1, false, "--auth-pass-file: ", "4"},
		{"an unknown master", at("y\n"), []string{"remove", "nosuch", "--yes"}, 0, false, "does not monitor the master", "4"},
		{"an unknown master to fail over", at("y\n"), []string{"failover", "nosuch", "--yes"}, 1, false, "monitors a master", "4"},
		{"no replica", at("y\n"), []string{"failover", "mymaster"}, 1, false, "no_promotable_replica", "4"},
		{"a bad --set", at("y\n"), []string{"monitor", "m", "127.0.0.1:1", "1", "--set=quorum"}, 1, false, "OPTION=VALUE", "4"},
	} {
		status, stdout, stderr := r.talk(test.streams, test.words...)
		if status != test.status || strings.Contains(stderr, "[y/N]") != test.asked || !strings.Contains(stdout+stderr, test.says) {
			t.Errorf("%s: exit code %d, want %d:\n%s%s", test.what, status, test.status, stdout, stderr)
		}
		if got := r.MasterField(t.Context(), "mymaster", "quorum")[0]; got != test.quorum {
			t.Errorf("%s: the quorum is %s, want %s", test.what, got, test.quorum)
		}
	}
	if strings.Contains(r.said.String(), authPass) {
		t.Errorf("the password is printed:\n%s", &r.said)
	}
}

// TestCtrlCAtTheQuestion ends the program, and does nothing.
func TestCtrlCAtTheQuestion(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None})
	in, typing := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	errs := &sentineltest.LockedBuffer{}
	ended := make(chan int, 1)
	go func() {
		streams := cli.Streams{In: in, Terminal: true, Out: io.Discard, Err: errs, Timeout: timeout}
		ended <- run(ctx, topology.SentinelAddrs(), streams, "set", "mymaster", "quorum", "5")
	}()
	sentineltest.WaitFor(t, "the question", func() bool { return strings.Contains(errs.String(), "[y/N]") })
	cancel()
	if status := <-ended; status != 1 {
		t.Errorf("the exit code is %d", status)
	}
	_ = typing.Close()
	if got := topology.MasterField(t.Context(), "mymaster", "quorum")[0]; got != "1" {
		t.Errorf("the quorum is %s", got)
	}
}
