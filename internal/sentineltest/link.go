package sentineltest

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// A link is one connection through a proxy.
type link struct {
	proxy  *Proxy
	client net.Conn
	source netip.Addr

	answered atomic.Bool // bytes from the server went to the client since the client last sent some
	asked    atomic.Bool // the client has sent something

	mu     sync.Mutex
	server net.Conn // nil until dialled
	over   bool
	done   chan struct{} // closed when over
}

// A chunk is some bytes on their way.
type chunk struct {
	due   time.Time
	bytes []byte
}

// serve carries the connection to its end.
func (l *link) serve() {
	defer l.close()
	if !l.proxy.gate(l) || !l.dial() {
		return
	}
	var wg sync.WaitGroup
	up, down := make(chan chunk, 64), make(chan chunk, 64)
	wg.Go(func() { l.read(l.client, up, l.countUp) })
	wg.Go(func() { l.read(l.server, down, nil) })
	wg.Go(func() { l.write(l.server, up, nil) })
	wg.Go(func() { l.write(l.client, down, l.countDown) })
	wg.Wait()
}

func (l *link) dial() bool {
	d := net.Dialer{Timeout: 5 * time.Second}
	server, err := d.Dial("tcp", l.proxy.leadsTo())
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		_ = server.Close()
		return false
	}
	l.server = server
	return true
}

// read takes in what one side sends, until it sends no more.
func (l *link) read(from net.Conn, into chan<- chunk, count func(int)) {
	defer close(into)
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if count != nil {
				count(n)
			}
			c := chunk{l.proxy.due(), append([]byte(nil), buf[:n]...)}
			select {
			case into <- c:
			case <-l.done:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// write gives it to the other side, when it is due and the proxy lets it through. The end of one direction, once all is
// delivered, is the end of the link: neither Redis nor its clients go on after half a close.
func (l *link) write(to net.Conn, from <-chan chunk, count func(int)) {
	defer l.close()
	for c := range from {
		if !l.sleep(time.Until(c.due)) || !l.proxy.gate(l) {
			return
		}
		if count != nil {
			count(len(c.bytes))
		}
		if _, err := to.Write(c.bytes); err != nil {
			return
		}
	}
	l.proxy.gate(l) // a close does not get through a black hole either
}

func (l *link) sleep(d time.Duration) bool {
	if d <= 0 {
		return !l.ended()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.done:
		return false
	}
}

func (l *link) countUp(n int) {
	l.proxy.bytesUp.Add(int64(n))
	first := !l.asked.Swap(true)
	if l.answered.Swap(false) || first {
		l.proxy.roundTrips.Add(1)
	}
}

func (l *link) countDown(n int) {
	l.proxy.bytesDown.Add(int64(n))
	l.answered.Store(true)
}

func (l *link) ended() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// reset ends the link so that both sides see a TCP reset.
func (l *link) reset() {
	l.mu.Lock()
	for _, c := range []net.Conn{l.client, l.server} {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	}
	l.mu.Unlock()
	l.close()
}

func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	l.over = true
	close(l.done)
	_ = l.client.Close()
	if l.server != nil {
		_ = l.server.Close()
	}
}
