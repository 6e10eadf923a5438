package sentineltest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// BlackHoleAddr returns a loopback address where connecting neither succeeds nor fails, as where packets are dropped: one
// whose queue of connections is full. It works on Linux only; the test fails elsewhere.
func BlackHoleAddr(t testing.TB) string {
	t.Helper()
	addr, fd, err := listenWithoutQueue()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	const most = 16
	for range most {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", addr)
		cancel()
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
			return addr
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatalf("the queue of %s is not full after %d connections", addr, most)
	return ""
}

// listenWithoutQueue does what the net package cannot: listen with a queue of length 0, which holds one connection.
func listenWithoutQueue() (addr string, fd int, err error) {
	fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", 0, fmt.Errorf("sentineltest: a socket: %w", err)
	}
	err = errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0))
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
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(inet.Port)), fd, nil
}
