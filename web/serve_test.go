package web

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	toolkit "github.com/prometheus/exporter-toolkit/web"

	"redis_sentinel_exporter/internal/sentineltest"
)

// A server is one under test.
type server struct {
	address string
	stop    context.CancelFunc
	log     *sentineltest.LockedBuffer
	done    chan error // gives what Serve returned
}

// listenOn returns the flags for one address.
func listenOn(address string) *toolkit.FlagConfig {
	none, off := "", false
	return &toolkit.FlagConfig{WebListenAddresses: &[]string{address}, WebConfigFile: &none, WebSystemdSocket: &off}
}

// serveOn starts a server and waits until it answers.
func serveOn(t *testing.T, h http.Handler) *server {
	t.Helper()
	logger, buf := newLog()
	ctx, cancel := context.WithCancel(t.Context())
	s := &server{address: sentineltest.FreeAddr(t), stop: cancel, log: buf, done: make(chan error, 1)}
	go func() { s.done <- Serve(ctx, h, listenOn(s.address), NewFailedLogins(), logger, func() {}) }()
	sentineltest.WaitFor(t, "the server to start", func() bool { return strings.Contains(buf.String(), "Started") })
	return s
}

func TestStopLetsARequestFinish(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	s := serveOn(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-release
		_, _ = io.WriteString(w, "all of it")
	}))
	var wg sync.WaitGroup
	wg.Go(func() {
		got, err := get(s.address)
		if err != nil || got != "all of it" {
			t.Errorf("got %q, %v", got, err)
		}
	})
	<-asked
	s.stop()
	sentineltest.WaitFor(t, "the port to be closed", func() bool { return !listens(s.address) })
	select {
	case err := <-s.done:
		t.Fatalf("it ended with a request in flight: %v", err)
	default:
	}
	close(release)
	if err := <-s.done; err != nil {
		t.Error(err)
	}
	wg.Wait()
	if log := s.log.String(); !strings.Contains(log, "msg=Stopping") || strings.Contains(log, "WARN") {
		t.Errorf("got the log\n%s", log)
	}
}

func TestStopCutsOffWhatDoesNotFinish(t *testing.T) {
	asked := make(chan struct{})
	ended := make(chan struct{})
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
		close(ended)
	})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(listener) })
	wg.Go(func() {
		if got, err := get(listener.Addr().String()); err == nil {
			t.Errorf("got the answer %q", got)
		}
	})
	<-asked
	logger, buf := newLog()
	shutDown(server, 20*time.Millisecond, logger)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the request goes on")
	}
	wg.Wait()
	if !strings.Contains(buf.String(), "cut off") {
		t.Errorf("got the log %q", buf.String())
	}
}

func TestPortThatIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	logger, buf := newLog()
	err = Serve(t.Context(), http.NotFoundHandler(), listenOn(l.Addr().String()), NewFailedLogins(), logger, func() { t.Error("it says that it has started") })
	var op *net.OpError
	if !errors.As(err, &op) || buf.String() != "" {
		t.Errorf("got the error %v and the log %q", err, buf.String())
	}
}

func TestReaderThatDoesNotSendItsRequest(t *testing.T) {
	s := serveOn(t, http.NotFoundHandler())
	defer func() {
		s.stop()
		if err := <-s.done; err != nil {
			t.Error(err)
		}
	}()
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "GET /metrics HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 2*maxHeaderBytes)+"\r\n\r\n")
	answer, _ := io.ReadAll(conn)
	if !strings.Contains(string(answer), "431") {
		t.Errorf("too many headers: got %q", answer)
	}
}

// get uses a connection of its own, which it closes.
func get(address string) (string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + address + "/")
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func listens(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}
