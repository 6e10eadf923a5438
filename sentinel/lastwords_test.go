package sentinel_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// TestLastWords: a Sentinel that has no place for a client, or lets none in from
// elsewhere, says so and closes before it has read anything.
func TestLastWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, says, password string
		reason               sentinel.Reason
	}{
		{"no place", "-ERR max number of clients reached\r\n", "", sentinel.ReasonOther},
		{"no place, with a password", "-ERR max number of clients reached\r\n", "sesame", sentinel.ReasonOther},
		{"protected mode", "-DENIED Redis is running in protected mode because it has no password.\r\n", "", sentinel.ReasonOther},
		{"not a word", "", "", sentinel.ReasonUnreachable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			addr := refuser(t, tc.says)
			for range 20 { // how far we come before it closes is a matter of luck
				c := sentinel.NewClient(sentinel.Options{Address: addr, Password: func() (string, error) { return tc.password, nil }})
				s := c.Snapshot(t.Context())
				c.Close()
				err, ok := errors.AsType[*sentinel.Error](s.Err)
				if !ok || err.Reason != tc.reason || !strings.Contains(err.Error(), strings.Trim(tc.says, "-\r\n")) {
					t.Fatalf("got %v", s.Err)
				}
			}
		})
	}
}

// refuser says something to everyone who connects, and closes.
func refuser(t *testing.T, says string) (addr string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(time.Minute))
			_, _ = conn.Write([]byte(says))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}
