// Package exportertest runs the exporter for tests: within the test's process ([Start],
// [Output]) or in a process of its own ([StartProcess]), and a Prometheus beside it
// ([StartPrometheus]).
//
// The process of its own is the test's binary once more, so a package that starts one
// has [Main] as its TestMain.
package exportertest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/app"
	"redis_sentinel_exporter/cli"
	"redis_sentinel_exporter/internal/sentineltest"
)

// An Exporter serves on a free loopback port until the test's end.
type Exporter struct {
	URL    string // http://host:port
	Stderr *sentineltest.LockedBuffer

	stop   context.CancelFunc
	status chan int // gives the exit code
}

// Start runs the exporter within this process, and returns when it serves. That it ends
// with another exit code than 0 fails the test.
func Start(t testing.TB, args ...string) *Exporter {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	e := newExporter(t)
	e.stop, e.status = cancel, make(chan int, 1)
	go func() {
		e.status <- run(ctx, append([]string{e.listenFlag()}, args...), io.Discard, e.Stderr)
	}()
	t.Cleanup(func() {
		cancel()
		if status, ok := <-e.status; ok && status != 0 {
			t.Errorf("the exporter ended with %d:\n%s", status, e.Stderr)
		}
	})
	sentineltest.WaitFor(t, "the exporter to serve", func() bool {
		if len(e.status) > 0 {
			t.Fatalf("the exporter ended at once:\n%s", e.Stderr)
		}
		return e.serves()
	})
	return e
}

func newExporter(t testing.TB) *Exporter {
	t.Helper()
	return &Exporter{URL: "http://" + sentineltest.FreeAddr(t), Stderr: &sentineltest.LockedBuffer{}}
}

func (e *Exporter) listenFlag() string { return "--web.listen-address=" + e.Addr() }

func (e *Exporter) serves() bool { return strings.Contains(e.Stderr.String(), "Started") }

// Addr returns host:port.
func (e *Exporter) Addr() string { return strings.TrimPrefix(e.URL, "http://") }

// End stops an exporter that Start has started, and returns its exit code. It may be
// called once.
func (e *Exporter) End() int {
	e.stop()
	status := <-e.status
	close(e.status) // for the cleanup
	return status
}

// A Response is that of the exporter's HTTP server.
type Response struct {
	Status int
	Header http.Header
	Body   string
}

// Has reports whether the body has this line.
func (a Response) Has(line string) bool { return strings.Contains("\n"+a.Body, "\n"+line+"\n") }

// Get asks for a path over a connection of its own. The headers are key, value, ...
func (e *Exporter) Get(path string, headers ...string) (Response, error) {
	request, err := http.NewRequest(http.MethodGet, e.URL+path, nil)
	if err != nil {
		return Response{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return Response{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return Response{response.StatusCode, response.Header, string(body)}, err
}

// MustGet is Get where any other answer than 200 ends the test.
func (e *Exporter) MustGet(t testing.TB, path string, headers ...string) Response {
	t.Helper()
	a, err := e.Get(path, headers...)
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != http.StatusOK {
		t.Fatalf("GET %s: got %d %s", path, a.Status, a.Body)
	}
	return a
}

// Output runs the program where it serves nothing, and returns what it prints and its
// exit code.
func Output(t testing.TB, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	status = run(ctx, args, &out, &errs)
	if ctx.Err() != nil {
		t.Errorf("%v: it did not end by itself", args)
	}
	return out.String(), errs.String(), status
}

// run runs the program where nobody is at the terminal.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return app.Run(ctx, args, cli.Streams{In: strings.NewReader(""), Out: stdout, Err: stderr})
}

// TempFile writes a file for the test, and returns its path.
func TempFile(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Sample reads the value of a metric without labels from the text of a scrape. That
// there is none fails the test.
func Sample(t testing.TB, body, name string) float64 {
	t.Helper()
	_, rest, _ := strings.Cut("\n"+body, "\n"+name+" ")
	line, _, _ := strings.Cut(rest, "\n")
	value, err := strconv.ParseFloat(line, 64)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return value
}
