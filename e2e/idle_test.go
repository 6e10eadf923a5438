package e2e_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
)

// readHealthy has a request answered over a connection, which then is idle.
func readHealthy(t *testing.T, conn net.Conn) *bufio.Reader {
	t.Helper()
	if _, err := io.WriteString(conn, "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("/-/healthy: got %d, %v", response.StatusCode, err)
	}
	return in
}
