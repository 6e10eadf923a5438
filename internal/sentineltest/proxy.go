package sentineltest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A Proxy is a TCP relay that can break. Its methods may be called concurrently.
type Proxy struct {
	ip   string
	port *port

	connections, roundTrips, bytesUp, bytesDown atomic.Int64

	mu       sync.Mutex
	target   string       // where new connections lead
	listener net.Listener // nil while cut
	links    map[*link]struct{}
	frozen   bool
	blocked  map[netip.Addr]bool // sources whose links are frozen
	changed  chan struct{}       // closed, and replaced, when frozen or blocked changes
	delay    time.Duration
	closed   bool
	wg       sync.WaitGroup
}

// Counters are what went through a proxy since it was made.
type Counters struct {
	Connections int64
	// RoundTrips counts the bursts of bytes from clients that each followed bytes from the server, or nothing: one for
	// each time that a client sent something after it had been answered. A client that writes a burst in several pieces
	// is counted once if the server's first answer reaches it after the last piece, which a Delay makes certain.
	RoundTrips         int64
	BytesUp, BytesDown int64 // from clients to the server, and back
}

// NewProxy starts a proxy to a target address, listening on the target's loopback address, or on 127.0.0.1 when the
// target is not an IP address.
func NewProxy(target string) (*Proxy, error) {
	ip, _, err := net.SplitHostPort(target)
	if err != nil {
		return nil, fmt.Errorf("sentineltest: a proxy's target: %w", err)
	}
	if net.ParseIP(ip) == nil {
		ip = "127.0.0.1"
	}
	return newProxy(ip, target)
}

func newProxy(ip, target string) (*Proxy, error) {
	const tries = 3 // somebody who reserves no ports may have taken it
	var err error
	for range tries {
		var port *port
		if port, err = reservePort(ip); err != nil {
			return nil, err
		}
		p := &Proxy{
			target: target, ip: ip, port: port,
			links: map[*link]struct{}{}, blocked: map[netip.Addr]bool{}, changed: make(chan struct{}),
		}
		if err = p.listen(); err == nil {
			return p, nil
		}
		port.release()
	}
	return nil, err
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return net.JoinHostPort(p.ip, strconv.Itoa(p.port.number)) }

// Counters returns what went through so far.
func (p *Proxy) Counters() Counters {
	return Counters{p.connections.Load(), p.roundTrips.Load(), p.bytesUp.Load(), p.bytesDown.Load()}
}

// LeadTo makes connections lead to another target from now on, and resets those that exist: a load balancer does that.
func (p *Proxy) LeadTo(target string) {
	p.LeadNewTo(target)
	p.Reset()
}

// LeadNewTo is [Proxy.LeadTo], and leaves the connections that exist: a load balancer does that as well.
func (p *Proxy) LeadNewTo(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

func (p *Proxy) leadsTo() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.target
}

// Cut refuses connections from now on, and resets those that exist.
func (p *Proxy) Cut() {
	p.Refuse()
	p.Reset()
}

// Refuse refuses connections from now on. Those that exist stay.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	listener := p.listener
	p.listener = nil
	p.mu.Unlock()
	if listener != nil {
		endListening(listener)
		_ = listener.Close()
	}
}

// endListening ends it also for a process that is just being started, which has a
// copy of the socket until it is the other program.
func endListening(listener net.Listener) {
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		return
	}
	if conn, err := tcp.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) { _ = syscall.Shutdown(int(fd), syscall.SHUT_RDWR) })
	}
}

// BlackHole lets nothing through from now on, and closes nothing: connections are still accepted, and bytes are swallowed
// as if they were lost on the way. What was on its way arrives after Heal.
func (p *Proxy) BlackHole() { p.update(func() { p.frozen = true }) }

// Heal ends Cut, Refuse and BlackHole.
func (p *Proxy) Heal() error {
	p.update(func() { p.frozen = false })
	return p.listen()
}

// Reset ends all connections with a TCP reset. New ones are served.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.reset()
	}
}

// Delay makes every byte arrive that much later, each way. It does not limit the rate.
func (p *Proxy) Delay(d time.Duration) { p.update(func() { p.delay = d }) }

// block freezes, or thaws, the connections from one source address.
func (p *Proxy) block(source netip.Addr, blocked bool) {
	p.update(func() { p.blocked[source] = blocked })
}

func (p *Proxy) update(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	close(p.changed)
	p.changed = make(chan struct{})
}

// Close ends the proxy with all its connections.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Cut()
	p.wg.Wait()
	p.port.release()
}

// listen starts to accept, unless the proxy does already or is closed.
func (p *Proxy) listen() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil || p.closed {
		return nil
	}
	listener, err := net.Listen("tcp", p.Addr())
	if err != nil {
		return fmt.Errorf("sentineltest: a proxy to %s: %w", p.target, err)
	}
	p.listener = listener
	p.wg.Go(func() { p.accept(listener) })
	return nil
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // a connection that was gone before it was accepted
		}
		l := &link{proxy: p, client: client, source: sourceOf(client), done: make(chan struct{})}
		if !p.add(l, listener) {
			l.reset()
			continue
		}
		p.wg.Go(func() {
			l.serve()
			p.remove(l)
		})
	}
}

// add takes a connection in, unless the proxy was cut since it was accepted.
func (p *Proxy) add(l *link, listener net.Listener) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != listener {
		return false
	}
	p.links[l] = struct{}{}
	p.connections.Add(1)
	return true
}

func (p *Proxy) remove(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// gate waits until the proxy lets the link's bytes through; false when the link has ended.
func (p *Proxy) gate(l *link) bool {
	for {
		p.mu.Lock()
		open, changed := !p.frozen && !p.blocked[l.source], p.changed
		p.mu.Unlock()
		if open {
			return !l.ended()
		}
		select {
		case <-changed:
		case <-l.done:
			return false
		}
	}
}

func (p *Proxy) due() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Add(p.delay)
}

func sourceOf(c net.Conn) netip.Addr {
	addr, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return addr.Addr().Unmap()
}
