package sentineltest

import (
	"errors"
	"net"
	"sync"
	"testing"
)

// RawServer listens on a loopback port and gives each connection to handle, which speaks whatever it likes, or nothing.
// It returns the address. At the test's end the connections are closed and the handlers waited for: they must return
// when reading or writing fails.
func RawServer(t testing.TB, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{handle: handle, conns: map[net.Conn]struct{}{}}
	s.wg.Go(func() { s.accept(listener) })
	t.Cleanup(func() {
		_ = listener.Close()
		s.close()
	})
	return listener.Addr().String()
}

type rawServer struct {
	handle func(net.Conn)
	wg     sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

func (s *rawServer) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			s.serve(conn)
		}
	}
}

func (s *rawServer) serve(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = conn.Close()
		return
	}
	s.conns[conn] = struct{}{}
	s.wg.Go(func() {
		s.handle(conn)
		_ = conn.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.conns, conn)
	})
}

func (s *rawServer) close() {
	s.mu.Lock()
	s.closed = true
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}
