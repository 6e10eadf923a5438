package sentineltest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// oracle is redis-cli for a server that this package did not start.
func oracle(t *testing.T, addr string) *Node {
	t.Helper()
	program, err := findProgram("", "REDIS_CLI", "redis-cli")
	if err != nil {
		t.Fatal(err)
	}
	ip, number, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	return &Node{name: "server at " + addr, ip: ip, listen: &port{number: n}, cli: cliOptions{program: program}}
}

func TestFakeAnswersAsARealOne(t *testing.T) {
	t.Parallel()
	topology := Run(t, Config{})
	genuine, fake := topology.Sentinels[0].Node, oracle(t, RunFake(t, FakeConfig{Replicas: 2, Peers: 2}).Addr())
	ctx := within(t)
	for _, sub := range []string{"MASTERS", "REPLICAS mymaster", "SLAVES mymaster", "SENTINELS mymaster"} {
		command := append([]string{"SENTINEL"}, strings.Fields(sub)...)
		want, err := genuine.Rows(ctx, command...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := fake.Rows(ctx, command...)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d rows, a real Sentinel has %d", sub, len(got), len(want))
		}
		for i := range got {
			if diff := cmp.Diff(want[i].Names(), got[i].Names()); diff != "" {
				t.Errorf("%s: the fields differ (-real +fake):\n%s", sub, diff)
			}
		}
	}
	if !topology.Version.AtLeast(7, 0) || topology.Version.AtLeast(7, 1) {
		return // the fake says that it is 7.0
	}
	for _, line := range []string{
		"PING", "PING hello", "PING a b", "ROLE", "FOO bar baz", "HELLO 9", "AUTH x", "AUTH default x", "CLIENT SETNAME x", "CLIENT SETINFO LIB-NAME x",
		"SENTINEL", "SENTINEL NOPE x", "SENTINEL MASTERS x", "SENTINEL MASTER", "SENTINEL MASTER nosuch", "SENTINEL REPLICAS nosuch",
		"SENTINEL CKQUORUM mymaster", "SENTINEL CKQUORUM nosuch", "SENTINEL GET-MASTER-ADDR-BY-NAME nosuch", "SENTINEL PENDING-SCRIPTS",
		"INFO nosuch",
	} {
		if diff := cmp.Diff(say(t, genuine, line), say(t, fake, line)); diff != "" {
			t.Errorf("%s: (-real +fake)\n%s", line, diff)
		}
	}
	for _, section := range []string{"all", "server", "clients", "stats", "cpu", "sentinel"} {
		if diff := cmp.Diff(infoNames(t, genuine, section), infoNames(t, fake, section)); diff != "" {
			t.Errorf("INFO %s: (-real +fake)\n%s", section, diff)
		}
	}
}

// say returns what redis-cli prints, errors included, with types visible.
func say(t *testing.T, n *Node, line string) string {
	t.Helper()
	out, err := n.runCLI(within(t), nil, append([]string{"--no-raw"}, strings.Fields(line)...)...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func infoNames(t *testing.T, n *Node, section string) []string {
	t.Helper()
	info, err := n.Info(within(t), section)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(info))
}

func TestFakeSpeaksRESP3(t *testing.T) {
	t.Parallel()
	fake := oracle(t, RunFake(t, FakeConfig{}).Addr())
	out, err := fake.CLI(within(t), "-3", "--json", "SENTINEL", "MASTER", "mymaster")
	if err != nil || !strings.HasPrefix(out, `{"name":"mymaster",`) {
		t.Errorf("got %s (%v), want a map", out, err)
	}
}

func TestFakeAtScale(t *testing.T) {
	t.Parallel()
	const masters = 1000
	begin := time.Now()
	f := RunFake(t, FakeConfig{Masters: masters, Replicas: 2, Peers: 2})
	t.Logf("%d masters ready in %s", masters, time.Since(begin))
	var commands bytes.Buffer
	commands.WriteString("*2\r\n$8\r\nSENTINEL\r\n$7\r\nMASTERS\r\n")
	for i := range masters {
		for _, sub := range []string{"REPLICAS", "SENTINELS", "CKQUORUM"} {
			fmt.Fprintf(&commands, "*3\r\n$8\r\nSENTINEL\r\n%s%s", Bulk(sub), Bulk(fmt.Sprintf("master-%d", i)))
		}
	}
	commands.WriteString("*1\r\n$4\r\nPING\r\n")
	conn := dial(t, f.Addr())
	if err := conn.SetReadDeadline(begin.Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	begin = time.Now()
	conn.send(commands.String())
	var replies []byte
	for buf := make([]byte, 64<<10); !bytes.HasSuffix(replies, []byte("+PONG\r\n")); {
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		replies = append(replies, buf[:n]...)
	}
	t.Logf("%d commands, %d bytes of replies in %s", 3*masters+2, len(replies), time.Since(begin))
	want := map[string]int{
		"SENTINEL MASTERS": 1, "SENTINEL REPLICAS": masters, "SENTINEL SENTINELS": masters, "SENTINEL CKQUORUM": masters, "PING": 1,
	}
	if diff := cmp.Diff(want, f.Counts()); diff != "" {
		t.Error(diff)
	}
}

func TestFakeEdits(t *testing.T) {
	t.Parallel()
	f := RunFake(t, FakeConfig{Replicas: 2, Peers: 2, Edit: func(kind, _ string, row Row) Row {
		switch {
		case kind == "master":
			return row.With("flags", "s_down,master").Without("quorum").With("new-field", "\xff")
		case kind == "sentinel":
			return row.With("flags", "s_down,sentinel")
		case row.Get("ip") == fakeIP(0, 1):
			return nil
		}
		return row
	}})
	fake := oracle(t, f.Addr())
	row, err := fake.Row(within(t), "SENTINEL", "MASTER", "mymaster")
	if err != nil {
		t.Fatal(err)
	}
	if row.Get("flags") != "s_down,master" || slices.Contains(row.Names(), "quorum") || row.Names()[len(row)-1] != "new-field" {
		t.Errorf("not edited: %v", row)
	}
	rows, err := fake.Rows(within(t), "SENTINEL", "REPLICAS", "mymaster")
	if err != nil || len(rows) != 1 {
		t.Errorf("%d replicas (%v), want 1", len(rows), err)
	}
	_, err = fake.CLI(within(t), "SENTINEL", "CKQUORUM", "mymaster")
	if err == nil || !strings.Contains(err.Error(), "NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the majority") {
		t.Errorf("CKQUORUM with dead peers: %v", err)
	}
	info, err := fake.Info(within(t), "sentinel")
	if want := "name=mymaster,status=sdown,address=10.0.0.1:6379,slaves=1,sentinels=3"; err != nil || info["master0"] != want {
		t.Errorf("INFO has %s (%v), want %s", info["master0"], err, want)
	}
	f.Set(FakeConfig{Masters: 3})
	rows, err = fake.Rows(within(t), "SENTINEL", "MASTERS")
	if err != nil || len(rows) != 3 {
		t.Errorf("%d masters (%v), want 3", len(rows), err)
	}
}

func TestFakeScripts(t *testing.T) {
	t.Parallel()
	const ping = "*1\r\n$4\r\nPING\r\n"
	const ckquorum = "*3\r\n$8\r\nsentinel\r\n$8\r\nckquorum\r\n$1\r\n%s\r\n"
	f := RunFake(t, FakeConfig{})
	f.Reply("ping", []byte("+mine\r\n"))
	f.Reply("SENTINEL CKQUORUM", []byte("-any\r\n"))
	f.Reply("sentinel ckquorum A", []byte("-A\r\n"))
	c := dial(t, f.Addr())
	for _, tc := range []struct{ send, want string }{
		{ping, "+mine\r"},
		{fmt.Sprintf(ckquorum, "A"), "-A\r"},
		{fmt.Sprintf(ckquorum, "a"), "-any\r"},
	} {
		c.send(tc.send)
		c.expect(tc.want)
	}
	f.Script("PING", nil)
	c.send(ping)
	c.expect("+PONG\r")
	if n := f.Count("ping"); n != 2 {
		t.Errorf("%d PINGs, want 2", n)
	}
	if total, open := f.Connections(); total != 1 || open != 1 {
		t.Errorf("%d connections, %d open, want 1", total, open)
	}
}

func TestFakeMisbehaves(t *testing.T) {
	t.Parallel()
	const ping = "*1\r\n$4\r\nPING\r\n"
	for _, tc := range []struct {
		name   string
		script Script
		line   string
		end    error
	}{
		{"half a reply", Silent([]byte("$100\r\nhalf")), "$100\r", os.ErrDeadlineExceeded},
		{"closed", Closed([]byte("*2\r\n")), "*2\r", io.EOF},
		{"reset", func(c *ScriptConn) {
			c.Write([]byte("*2\r\n"))
			c.Sleep(50 * time.Millisecond) // so that the client has read it
			c.Reset()
		}, "*2\r", syscall.ECONNRESET},
		{"endless", Endless([]byte("*1000000000\r\n"), []byte("$1\r\na\r\n")), "*1000000000\r", nil},
		{"trickle", Trickle([]byte("+PO\r\n"), time.Millisecond), "+PO\r", os.ErrDeadlineExceeded},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := RunFake(t, FakeConfig{})
			f.Script("PING", tc.script)
			c := dial(t, f.Addr())
			c.send(ping)
			c.expect(tc.line)
			if tc.end == nil {
				if n, err := io.CopyN(io.Discard, c, 1<<16); err != nil {
					t.Errorf("it ended after %d bytes: %v", n, err)
				}
				return
			}
			if line, err := c.receive(300 * time.Millisecond); !errors.Is(err, tc.end) {
				t.Errorf("then %q (%v), want %v", line, err, tc.end)
			}
		})
	}
}

func TestFakeStaysSilent(t *testing.T) {
	t.Parallel()
	f := RunFake(t, FakeConfig{})
	f.Script("PING", Silent([]byte("+first\r\n")))
	c := dial(t, f.Addr())
	c.send("*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nINFO\r\n")
	c.expect("+first\r")
	if line, err := c.receive(100 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("then %q (%v), want silence", line, err)
	}
}

func TestFakeForgetsClientsThatLeave(t *testing.T) {
	t.Parallel()
	f := RunFake(t, FakeConfig{})
	f.Script("PING", Silent(nil))
	c := dial(t, f.Addr())
	c.send("*1\r\n$4\r\nPING\r\n")
	WaitFor(t, "the PING", func() bool { return f.Count("PING") == 1 })
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	WaitFor(t, "the connection to be forgotten", func() bool {
		_, open := f.Connections()
		return open == 0
	})
}

// TestFakePublishesToWhoHasSubscribed: from the moment when the client knows that it
// has.
func TestFakePublishesToWhoHasSubscribed(t *testing.T) {
	t.Parallel()
	f := RunFake(t, FakeConfig{})
	for n := 1; n <= 100; n++ {
		c := dial(t, f.Addr())
		c.send("*2\r\n$10\r\nPSUBSCRIBE\r\n$1\r\n*\r\n")
		c.expect("*3\r")
		if got := f.Publish("+tilt", "#tilt mode entered"); got != n {
			t.Fatalf("%d of %d subscribers got the event", got, n)
		}
	}
}
