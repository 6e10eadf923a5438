package sentineltest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/alicebob/miniredis/v2/server"
)

// A Fake answers as a Sentinel of Redis 7.0.15 would that watches as many healthy masters as one likes, and badly where
// it is told to. All its replies are made beforehand, or those of a real Sentinel behind it. Its methods may be called
// concurrently.
type Fake struct {
	listener net.Listener
	behind   string // address of a real Sentinel; "" when there is none
	replies  atomic.Pointer[replySet]
	wg       sync.WaitGroup

	mu      sync.Mutex
	scripts map[string]Script
	counts  map[string]int
	conns   map[*fakeConn]struct{}
	total   int
	closed  bool
}

// NewFake starts a fake Sentinel on a loopback port.
func NewFake(cfg FakeConfig) (*Fake, error) {
	listener, err := net.Listen("tcp", orDefault(cfg.Listen, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("sentineltest: a fake Sentinel: %w", err)
	}
	if cfg.TLS != nil {
		listener = tls.NewListener(listener, cfg.TLS)
	}
	f := &Fake{
		listener: listener, behind: cfg.Behind,
		scripts: map[string]Script{}, counts: map[string]int{}, conns: map[*fakeConn]struct{}{},
	}
	f.Set(cfg)
	f.wg.Go(f.accept)
	return f, nil
}

// Addr is where the fake listens.
func (f *Fake) Addr() string { return f.listener.Addr().String() }

// Set changes what the fake knows, from the next command on. What Reply and Script laid down stays.
func (f *Fake) Set(cfg FakeConfig) { f.replies.Store(newReplySet(cfg)) }

// Script makes the fake answer a command as the script does. The command is given as sent, with or without its last
// arguments: of "SENTINEL CKQUORUM mymaster", "SENTINEL CKQUORUM" and "SENTINEL" the longest that fits holds. A nil
// script takes it back.
func (f *Fake) Script(command string, script Script) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := canonical(strings.SplitN(command, " ", 3))
	if script == nil {
		delete(f.scripts, key)
		return
	}
	f.scripts[key] = script
}

// Reply makes the fake answer a command with these bytes, whatever they are.
func (f *Fake) Reply(command string, raw []byte) { f.Script(command, Raw(raw)) }

// Count says how often a command came, such as "INFO" or "SENTINEL MASTERS", whatever its further arguments.
func (f *Fake) Count(command string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[canonical(strings.SplitN(command, " ", 2))]
}

// Counts returns how often each command came.
func (f *Fake) Counts() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.counts)
}

// Connections says how many connections there were, and how many are open.
func (f *Fake) Connections() (total, open int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.total, len(f.conns)
}

// Close ends the fake with all its connections.
func (f *Fake) Close() {
	f.mu.Lock()
	f.closed = true
	for c := range f.conns {
		_ = c.Close()
	}
	f.mu.Unlock()
	_ = f.listener.Close()
	f.wg.Wait()
}

func (f *Fake) accept() {
	for {
		conn, err := f.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // a connection that was gone before it was accepted
		}
		c := newFakeConn(conn)
		if !f.add(c) {
			_ = c.Close()
			return
		}
		f.wg.Go(func() { f.serve(c) })
	}
}

func (f *Fake) add(c *fakeConn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.total++
	f.conns[c] = struct{}{}
	return true
}

// serve lets miniredis read the commands. Each connection has a server of its own, since a miniredis handler is not told
// which connection it serves, and a script must be able to break that one.
func (f *Fake) serve(c *fakeConn) {
	s := server.NewServerConn()
	s.SetPreHook(func(_ *server.Peer, command string, args ...string) bool {
		f.answer(c, append([]string{command}, args...))
		return true
	})
	s.ServeConn(c)
	<-c.done
	s.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
}

func (f *Fake) answer(c *fakeConn, args []string) {
	if script := f.note(args); script != nil {
		script(&ScriptConn{Args: args, fake: f, conn: c})
		return
	}
	if f.behind != "" {
		f.passOn(c, args)
		return
	}
	_ = c.reply(f.replies.Load().answer(c, args), args[0] == "PSUBSCRIBE") // a client that is gone does not mind
}

// Publish sends an event to all clients that have subscribed, and returns how many those are.
func (f *Fake) Publish(channel, payload string) int {
	message := append([]byte("*4\r\n"), Bulk("pmessage")...)
	for _, s := range []string{"*", channel, payload} {
		message = appendBulk(message, s)
	}
	return f.PublishRaw(message)
}

// PublishRaw sends these bytes, whatever they are, to all clients that have subscribed.
func (f *Fake) PublishRaw(b []byte) int {
	f.mu.Lock()
	var subscribers []*fakeConn
	for c := range f.conns {
		if c.subscribed.Load() {
			subscribers = append(subscribers, c)
		}
	}
	f.mu.Unlock()
	for _, c := range subscribers {
		_, _ = c.Write(b)
		_ = c.flush()
	}
	return len(subscribers)
}

// note counts a command and returns the script for it, nil if there is none.
func (f *Fake) note(args []string) Script {
	f.mu.Lock()
	defer f.mu.Unlock()
	words := args
	if args[0] != "SENTINEL" {
		words = args[:1]
	}
	f.counts[canonical(words[:min(2, len(words))])]++
	for n := len(args); n > 0; n-- {
		if script := f.scripts[canonical(args[:n])]; script != nil {
			return script
		}
	}
	return nil
}

// canonical joins a command's words so that the command and the subcommand compare without case, and the rest as it is.
func canonical(words []string) string {
	folded := append([]string(nil), words...)
	for i := range folded[:min(2, len(folded))] {
		folded[i] = strings.ToUpper(folded[i])
	}
	return strings.Join(folded, " ")
}
