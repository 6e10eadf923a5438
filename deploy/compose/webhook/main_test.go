package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func send(t *testing.T, h http.Handler, body string) int {
	t.Helper()
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/page", strings.NewReader(body)))
	return answer.Code
}

func TestEachAlertIsALine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	status := send(t, handler(&out), `{"receiver": "page", "version": "4", "alerts": [
		{"status": "firing", "labels": {"alertname": "Down", "severity": "critical", "job": "redis", "instance": "a:1"}, "annotations": {"description": "It is down."}},
		{"status": "resolved", "labels": {"alertname": "Lagging"}}]}`)
	want := "page firing   Down {instance=a:1, job=redis} It is down.\npage resolved Lagging {} \n"
	if status != http.StatusOK || out.String() != want {
		t.Errorf("got %d and\n%swant\n%s", status, &out, want)
	}
}

func TestWhatIsNoNotificationIsRefused(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{", "[]", `{"alerts": [1]}`, `{"receiver": "` + strings.Repeat("x", 1<<20) + `"}`} {
		var out bytes.Buffer
		if status := send(t, handler(&out), body); status != http.StatusBadRequest || out.Len() > 0 {
			t.Errorf("%.20q: got %d and %q", body, status, &out)
		}
	}
}

// What could not be printed is not taken, so that Alertmanager sends it again.
func TestWhatCannotBePrintedIsNotTaken(t *testing.T) {
	t.Parallel()
	if status := send(t, handler(broken{}), `{"alerts": [{}]}`); status != http.StatusInternalServerError {
		t.Errorf("got %d", status)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken") }

// The address is that of the configuration of Alertmanager.
func TestAddress(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../alertmanager.yml")
	if err != nil {
		t.Fatal(err)
	}
	if urls, ours := strings.Count(string(text), "url: "), strings.Count(string(text), "url: http://webhook"+address+"/"); ours != urls || ours == 0 {
		t.Errorf("%d of %d receivers are at %s", ours, urls, address)
	}
}
