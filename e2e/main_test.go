package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"redis_sentinel_exporter/cli"
	"redis_sentinel_exporter/internal/sentineltest"
)

func TestMain(m *testing.M) {
	if nameserver := os.Getenv(beTheExporter); nameserver != "" {
		beExporter(nameserver)
	}
	goleak.VerifyTestMain(m)
}

// A program is a run of the exporter within the test.
type program struct {
	url    string
	stop   context.CancelFunc
	stderr *lockedBuffer
	status chan int // gives the exit code
}

// start runs the exporter on a free port and waits until it serves. The test's
// end stops it.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	address := sentineltest.FreeAddr(t)
	p := &program{url: "http://" + address, stop: cancel, stderr: &lockedBuffer{}, status: make(chan int, 1)}
	go func() {
		p.status <- runAlone(ctx, append([]string{"--web.listen-address=" + address}, args...), io.Discard, p.stderr)
	}()
	t.Cleanup(func() {
		cancel()
		if status, ok := <-p.status; ok && status != 0 {
			t.Errorf("it ended with %d:\n%s", status, p.stderr)
		}
	})
	waitFor(t, "the exporter to serve", func() bool {
		if len(p.status) > 0 {
			t.Fatalf("it ended at once:\n%s", p.stderr)
		}
		return strings.Contains(p.stderr.String(), "Started")
	})
	return p
}

// end stops the exporter and returns its exit code.
func (p *program) end() int {
	p.stop()
	status := <-p.status
	close(p.status) // for the cleanup
	return status
}

// An answer is that of the exporter's HTTP server.
type answer struct {
	status int
	header http.Header
	body   string
}

// has tells whether the answer has this line.
func (a answer) has(line string) bool { return strings.Contains("\n"+a.body, "\n"+line+"\n") }

// get asks over a connection of its own. The headers are key, value, ...
func (p *program) get(path string, headers ...string) (answer, error) {
	request, err := http.NewRequest(http.MethodGet, p.url+path, nil)
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(body)}, err
}

// mustGet is get where the answer must be 200.
func (p *program) mustGet(t *testing.T, path string, headers ...string) answer {
	t.Helper()
	a, err := p.get(path, headers...)
	if err != nil {
		t.Fatal(err)
	}
	if a.status != http.StatusOK {
		t.Fatalf("GET %s: got %d %s", path, a.status, a.body)
	}
	return a
}

// runAlone runs the program where nobody can be asked.
func runAlone(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return run(ctx, args, cli.Streams{In: strings.NewReader(""), Out: stdout, Err: stderr})
}

// output runs the program where it serves nothing.
func output(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	status = runAlone(ctx, args, &out, &errs)
	if ctx.Err() != nil {
		t.Errorf("%v: it did not end by itself", args)
	}
	return out.String(), errs.String(), status
}

// A lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
