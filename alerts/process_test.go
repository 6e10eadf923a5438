package alerts_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// patience is how long an alert may take that has its conditions, on a machine
// with much else to do.
const patience = 3 * time.Minute

// start runs a server until the test's end or Stop, and waits until it is ready.
func start(t *testing.T, name, ready, program string, args ...string) *sentineltest.Program {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := sentineltest.StartProgram(ctx, filepath.Join(t.TempDir(), name+".log"), func(ctx context.Context) error {
		if status, _ := get(ctx, ready); status != http.StatusOK {
			return fmt.Errorf("GET %s: %d", ready, status)
		}
		return nil
	}, program, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Stop()
		if t.Failed() {
			t.Logf("the end of the log of %s:\n%s", name, p.LogTail(20))
		}
	})
	return p
}

func get(ctx context.Context, url string) (status int, body []byte) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil
	}
	request.Close = true // no idle connection stays behind
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = response.Body.Close() }()
	body = readAll(response.Body)
	return response.StatusCode, body
}

// alertmanagerProgram is called so by its authors, and with a prefix by Debian.
func alertmanagerProgram(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"alertmanager", "prometheus-alertmanager"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("there is no alertmanager in $PATH")
	return ""
}

func readAll(r io.Reader) []byte {
	body, _ := io.ReadAll(r) // half a body fails to parse
	return body
}

// eventually waits for a condition, and looks no more often than Prometheus does:
// all lanes wait at one time.
func eventually(t *testing.T, what string, ok func() bool) bool {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Errorf("it did not happen in %s that %s", patience, what)
			return false
		case <-t.Context().Done():
			return false
		}
	}
	return true
}
