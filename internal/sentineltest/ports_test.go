package sentineltest

import (
	"net"
	"strconv"
	"testing"
)

// TestFreeAddr: the port is free for a server, and nobody else's until the test's end.
func TestFreeAddr(t *testing.T) {
	t.Parallel()
	var p port
	t.Run("during the test", func(t *testing.T) {
		l, err := net.Listen("tcp", FreeAddr(t))
		if err != nil {
			t.Fatal(err)
		}
		_, number, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if p.number, err = strconv.Atoi(number); err != nil {
			t.Fatal(err)
		}
		if local(lockAddr) && p.tryLock() == nil {
			t.Error("another could reserve the port")
		}
	})
	if err := p.tryLock(); err != nil {
		t.Error(err)
	}
	p.release()
}
