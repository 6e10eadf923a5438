package sentinel

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
)

// A recording is a connection on which every request has the same answer, but for
// the HELLO with which go-redis begins. It has no deadline.
type recording struct {
	net.Conn
	answer string
	rest   *strings.Reader
}

func (r *recording) Write(p []byte) (int, error) {
	switch {
	case bytes.Contains(bytes.ToLower(p), []byte("hello\r\n")):
		r.rest.Reset(wire([]any{"proto", 2}))
	case r.rest.Len() == 0:
		r.rest.Reset(r.answer)
	}
	return len(p), nil
}

func (r *recording) Read(p []byte) (int, error)     { return r.rest.Read(p) }
func (*recording) Close() error                     { return nil }
func (*recording) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*recording) SetDeadline(time.Time) error      { return nil }
func (*recording) SetReadDeadline(time.Time) error  { return nil }
func (*recording) SetWriteDeadline(time.Time) error { return nil }

// A recorded is a session with a Sentinel of so many masters with two replicas and two
// peers each, whose answers come from memory.
type recorded struct {
	*session
	rdb      *redis.Client // on the same connection
	names    []string
	commands [][]any
}

func record(tb testing.TB, masters int) *recorded {
	tb.Helper()
	r := &recorded{commands: [][]any{{"SENTINEL", "MASTERS"}}}
	var all []any
	var about bytes.Buffer
	for i := range masters {
		name := fmt.Sprintf("master-%04d", i)
		r.names = append(r.names, name)
		all = append(all, flat(strings.ReplaceAll(healthyMaster, "mymaster", name)))
		about.WriteString(wire([]any{flat(healthyReplica), flat(healthyReplica)}))
		about.WriteString(wire([]any{flat(healthyPeer), flat(healthyPeer)}))
		about.WriteString("+OK 3 usable Sentinels. Quorum and failover authorization can be reached\r\n")
		r.commands = append(r.commands, []any{"SENTINEL", "REPLICAS", name},
			[]any{"SENTINEL", "SENTINELS", name}, []any{"SENTINEL", "CKQUORUM", name})
	}
	limited := &limitedConn{
		Conn: &recording{answer: wire(all) + about.String(), rest: strings.NewReader("")}, most: maxExchange,
	}
	r.session = &session{conn: limited}
	r.rdb = redis.NewClient(&redis.Options{
		Dialer:   func(context.Context, string, string) (net.Conn, error) { return limited, nil },
		Protocol: 2, DisableIdentity: true, MaxRetries: -1,
	})
	tb.Cleanup(func() { _ = r.rdb.Close() })
	return r
}

// raw leaves the replies as they are: the part that both ways below have in common.
func (r *recorded) raw(ctx context.Context) ([]string, error) {
	return collected(ctx, r.session, r.commands)
}

// collected are the replies to an exchange.
func collected(ctx context.Context, on interface {
	exchange(ctx context.Context, commands [][]any, take func(int, string)) (int, error)
}, commands [][]any,
) ([]string, error) {
	replies := make([]string, len(commands))
	n, err := on.exchange(ctx, commands, func(place int, reply string) { replies[place] = strings.Clone(reply) })
	return replies[:n], err
}

// scanned reads them as a snapshot does.
func (r *recorded) scanned(ctx context.Context) ([]Master, error) {
	replies, err := r.raw(ctx)
	if err != nil {
		return nil, err
	}
	masters, err := parseMasters(replies[0])
	if err != nil {
		return nil, err
	}
	for i := range masters {
		m := &masters[i]
		if m.Replicas, err = parseReplicas(replies[3*i+1]); err != nil {
			return nil, err
		}
		if m.Peers, err = parsePeers(replies[3*i+2]); err != nil {
			return nil, err
		}
		if m.CKQuorum, err = readCKQuorum(replies[3*i+3]); err != nil {
			return nil, err
		}
	}
	return masters, nil
}

// rawCmds lets go-redis leave the replies as they are.
func (r *recorded) rawCmds(ctx context.Context) error {
	pipe := r.rdb.Pipeline()
	for _, args := range r.commands {
		if err := pipe.Process(ctx, redis.NewRawCmd(ctx, args...)); err != nil {
			return err
		}
	}
	_, err := pipe.Exec(ctx)
	return err
}

// maps lets go-redis read them, each entry as a map.
func (r *recorded) maps(ctx context.Context) ([]redis.Cmder, error) {
	pipe := r.rdb.Pipeline()
	for i, args := range r.commands {
		var cmd redis.Cmder = redis.NewMapStringStringSliceCmd(ctx, args...)
		if i > 0 && i%3 == 0 {
			cmd = redis.NewStringCmd(ctx, args...)
		}
		if err := pipe.Process(ctx, cmd); err != nil {
			return nil, err
		}
	}
	return pipe.Exec(ctx)
}

// mapped makes of these maps what scanned returns.
func (r *recorded) mapped(ctx context.Context) ([]Master, error) {
	cmds, err := r.maps(ctx)
	if err != nil {
		return nil, err
	}
	masters, err := filled(cmds[0], (*Master).set, func(m *Master) error { return completed(m, FlagMaster) })
	if err != nil {
		return nil, err
	}
	for i := range masters {
		m := &masters[i]
		m.Replicas, err = filled(cmds[3*i+1], (*Replica).set, func(rep *Replica) error { return completed(rep, FlagReplica) })
		if err != nil {
			return nil, err
		}
		m.Peers, err = filled(cmds[3*i+2], (*Peer).set, func(p *Peer) error { return completed(p, FlagSentinel) })
		if err != nil {
			return nil, err
		}
		if m.CKQuorum, err = parseCKQuorum(cmds[3*i+3].(*redis.StringCmd).Val()); err != nil {
			return nil, err
		}
	}
	return masters, nil
}

func completed(entry interface {
	check(kind Flags) error
	keep(c *copies)
}, kind Flags,
) error {
	err := entry.check(kind)
	entry.keep(nil)
	return err
}

func filled[T any](cmd redis.Cmder, set func(entry *T, name, value string) error, complete func(*T) error) ([]T, error) {
	entries := cmd.(*redis.MapStringStringSliceCmd).Val()
	list := make([]T, len(entries))
	for i, fields := range entries {
		for name, value := range fields {
			if err := set(&list[i], name, value); err != nil {
				return nil, err
			}
		}
		if err := complete(&list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// TestReadingsAgree: what BenchmarkReadings compares has the same result.
func TestReadingsAgree(t *testing.T) {
	t.Parallel()
	r := record(t, 3)
	want, err := r.scanned(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.mapped(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != 3 || want[2].Name != r.names[2] || len(want[2].Replicas) != 2 || len(want[2].Peers) != 2 {
		t.Errorf("read %+v", want)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Replica{})); diff != "" {
		t.Errorf("(-scanned +mapped):\n%s", diff)
	}
}

// TestOneBadReply holds what the scanner is for: go-redis has an error of one reply for
// all commands of a pipeline, a scanner for that one alone.
func TestOneBadReply(t *testing.T) {
	t.Parallel()
	r := record(t, 1)
	answer := &r.conn.Conn.(*recording).answer
	peers := wire([]any{flat(healthyPeer), flat(healthyPeer)})
	*answer = strings.Replace(*answer, peers, "+OK\r\n", 1)

	replies, err := r.raw(t.Context())
	if err != nil || len(replies) != len(r.commands) {
		t.Fatal(len(replies), err)
	}
	masters, mastersErr := parseMasters(replies[0])
	replicas, replicasErr := parseReplicas(replies[1])
	_, peersErr := parsePeers(replies[2])
	quorum, quorumErr := readCKQuorum(replies[3])
	if len(masters) != 1 || len(replicas) != 2 || quorum == nil || peersErr == nil {
		t.Errorf("scanned: got errors %v, %v, %v, %v, want only the third", mastersErr, replicasErr, peersErr, quorumErr)
	}

	const want = `redis: can't parse array/set/push reply: "+OK"`
	cmds, err := r.maps(t.Context())
	if err == nil || len(cmds) != len(r.commands) {
		t.Errorf("go-redis: got %d commands, %v", len(cmds), err)
	}
	for _, cmd := range cmds {
		if cmd.Err() == nil || cmd.Err().Error() != want {
			t.Errorf("go-redis: %s: got %v, want %s", cmd.FullName(), cmd.Err(), want)
		}
	}
}

// BenchmarkReadings compares ways to read the same bytes, of 1,000 masters.
func BenchmarkReadings(b *testing.B) {
	r := record(b, 1000)
	for _, way := range []struct {
		name string
		read func(context.Context) error
	}{
		{"raw", func(ctx context.Context) error { _, err := r.raw(ctx); return err }},
		{"scanner", func(ctx context.Context) error { _, err := r.scanned(ctx); return err }},
		{"go-redis-raw", r.rawCmds},
		{"go-redis", func(ctx context.Context) error { _, err := r.mapped(ctx); return err }},
		{"go-redis-maps", func(ctx context.Context) error { _, err := r.maps(ctx); return err }},
	} {
		b.Run("by="+way.name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				if err := way.read(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime is the CPU time that this process has used, garbage collection included.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
