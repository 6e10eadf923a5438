package web

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"redis_sentinel_exporter/sentinel"
)

func TestRequestsBeyondTheLimitAreRefused(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	slow := deploymentFunc(func(context.Context) []*sentinel.Snapshot {
		asked <- struct{}{}
		<-release
		return []*sentinel.Snapshot{well("a:1")}
	})
	opts := defaults()
	opts.MaxRequests = 2
	h := handler(t, slow, opts)

	var wg sync.WaitGroup
	for range opts.MaxRequests {
		wg.Go(func() {
			if got := ask(h, http.MethodGet, "/metrics"); got.Code != http.StatusOK {
				t.Errorf("a request within the limit: got %d", got.Code)
			}
		})
		<-asked
	}
	third := ask(h, http.MethodGet, "/metrics")
	if third.Code != http.StatusServiceUnavailable || !strings.Contains(third.Body.String(), "(2)") {
		t.Errorf("a request beyond the limit: got %d %q", third.Code, third.Body)
	}
	if got := ask(h, http.MethodGet, "/-/healthy"); got.Code != http.StatusOK {
		t.Errorf("/-/healthy: got %d, though the limit is for scrapes", got.Code)
	}
	close(release)
	wg.Wait()

	go func() { <-asked }()
	got := ask(h, http.MethodGet, "/metrics")
	if got.Code != http.StatusOK {
		t.Errorf("after the others: got %d", got.Code)
	}
	if want := `promhttp_metric_handler_requests_total{code="503"} 1`; !strings.Contains(got.Body.String(), want) {
		t.Errorf("%s is missing", want)
	}
}

func TestLimitIsShared(t *testing.T) {
	l := newLimit(1)
	inner := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		other := l.on(http.NotFoundHandler())
		if got := ask(other, http.MethodGet, "/"); got.Code != http.StatusServiceUnavailable {
			t.Errorf("another handler with the same limit: got %d", got.Code)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	if got := ask(l.on(inner), http.MethodGet, "/"); got.Code != http.StatusNoContent {
		t.Errorf("got %d", got.Code)
	}
}

func TestZeroIsNoLimit(t *testing.T) {
	if newLimit(0) != nil {
		t.Error("0 gave a limit")
	}
	opts := defaults()
	opts.MaxRequests = 0
	if got := ask(handler(t, always(well("a:1")), opts), http.MethodGet, "/metrics"); got.Code != http.StatusOK {
		t.Errorf("got %d", got.Code)
	}
}
