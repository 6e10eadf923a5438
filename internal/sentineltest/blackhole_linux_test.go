package sentineltest

import (
	"net"
	"testing"
	"time"
)

func TestBlackHoleAddr(t *testing.T) {
	t.Parallel()
	addr := BlackHoleAddr(t)
	begin := time.Now()
	conn, err := net.DialTimeout("tcp", addr, 300*time.Millisecond)
	if err == nil {
		_ = conn.Close()
		t.Fatal("connected")
	}
	if took := time.Since(begin); took < 250*time.Millisecond {
		t.Errorf("refused after %s: %v", took, err)
	}
}
