//go:build e2e

package alerts_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// A notification is what Alertmanager sends, as far as the tests look at it.
type notification struct {
	Receiver string
	GroupKey string
	Alerts   []notified

	at time.Time // of its arrival
}

type notified struct {
	Status   string
	Labels   map[string]string
	StartsAt time.Time
}

// A webhook is the receiver of all notifications.
type webhook struct {
	*httptest.Server

	mu  sync.Mutex
	all []notification
}

func startWebhook(t *testing.T) *webhook {
	t.Helper()
	w := &webhook{}
	w.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n := notification{at: time.Now()}
		if err := json.Unmarshal(readAll(r.Body), &n); err != nil {
			t.Errorf("a notification that is none: %v", err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.all = append(w.all, n)
	}))
	t.Cleanup(w.Close)
	return w
}

// of returns the notifications with an alert of the job since a time. Only those of
// alerts that are grouped by their name could have another's as well, and each of
// these is provoked in one job.
func (w *webhook) of(job string, since time.Time) []notification {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []notification
	for _, n := range w.all {
		if n.at.After(since) && slices.ContainsFunc(n.Alerts, func(a notified) bool { return a.Labels["job"] == job }) {
			list = append(list, n)
		}
	}
	return list
}

// first returns when a receiver was first told of an alert in a state.
func (w *webhook) first(job, receiver, alert, status string, since time.Time) (time.Time, bool) {
	for _, n := range w.of(job, since) {
		for _, a := range n.Alerts {
			// What began before is told again with what is new in its group.
			if n.Receiver == receiver && a.Status == status && a.Labels["alertname"] == alert && (status == "resolved" || a.StartsAt.After(since)) {
				return n.at, true
			}
		}
	}
	return time.Time{}, false
}

// names returns the alerts of which a receiver was told that they began since
// a time.
func (w *webhook) names(job, receiver string, since time.Time) []string {
	var list []string
	for _, n := range w.of(job, since) {
		for _, a := range n.Alerts {
			if name := a.Labels["alertname"]; n.Receiver == receiver && a.Status == "firing" && a.StartsAt.After(since) && !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	slices.Sort(list)
	return list
}

// repeated returns a notification that says nothing new to its receiver.
func (w *webhook) repeated(job string, since time.Time) (notification, bool) {
	told := map[string]bool{}
	for _, n := range w.of(job, since) {
		news := false
		for _, a := range n.Alerts {
			fact, _ := json.Marshal([]any{n.Receiver, a})
			// That something is over is told again if what alone fired beside it is inhibited: the number of
			// what fires has changed, and what is resolved stays in the group.
			news = news || !told[string(fact)] || a.Status == "resolved"
			told[string(fact)] = true
		}
		if !news {
			return n, true
		}
	}
	return notification{}, false
}
