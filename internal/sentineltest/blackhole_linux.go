package sentineltest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// BlackHoleAddr returns a loopback address where connecting neither succeeds nor fails: see BlackHole.
func BlackHoleAddr(t testing.TB) string {
	t.Helper()
	addr, end := BlackHole(t, "127.0.0.1:0")
	t.Cleanup(end)
	return addr
}

// BlackHole makes connecting to an address neither succeed nor fail, as where packets are dropped: the queue of connections
// there is full. Nothing else may listen there. It returns the address, with the port that was free if 0 was given, and
// what ends it. It works on Linux, with IPv4; the test fails elsewhere.
func BlackHole(t testing.TB, addr string) (at string, end func()) {
	t.Helper()
	at, fd, err := listenWithoutQueue(addr)
	if err != nil {
		t.Fatal(err)
	}
	var queued []net.Conn
	end = func() {
		_ = syscall.Shutdown(fd, syscall.SHUT_RDWR) // of which a process that is just being started has a copy
		_ = syscall.Close(fd)
		for _, conn := range queued {
			_ = conn.Close()
		}
	}
	const most = 16
	for range most {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", at)
		cancel()
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
			return at, end
		}
		if err != nil {
			end()
			t.Fatal(err)
		}
		queued = append(queued, conn)
	}
	end()
	t.Fatalf("the queue of %s is not full after %d connections", at, most)
	return "", nil
}

// listenWithoutQueue does what the net package cannot: listen with a queue of length 0, which holds one connection.
func listenWithoutQueue(addr string) (at string, fd int, err error) {
	want, err := netip.ParseAddrPort(addr)
	if err != nil {
		return "", 0, fmt.Errorf("sentineltest: a black hole: %w", err)
	}
	fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", 0, fmt.Errorf("sentineltest: a socket: %w", err)
	}
	err = errors.Join(
		syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1), // connections may have been there just before
		syscall.Bind(fd, &syscall.SockaddrInet4{Addr: want.Addr().As4(), Port: int(want.Port())}),
		syscall.Listen(fd, 0),
	)
	if err != nil {
		_ = syscall.Close(fd)
		return "", 0, fmt.Errorf("sentineltest: listening: %w", err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		_ = syscall.Close(fd)
		return "", 0, fmt.Errorf("sentineltest: the socket's address: %w", err)
	}
	inet, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		_ = syscall.Close(fd)
		return "", 0, fmt.Errorf("sentineltest: the socket's address is a %T", name)
	}
	return net.JoinHostPort(want.Addr().String(), strconv.Itoa(inet.Port)), fd, nil
}
