package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/role"
)

// judged answers every check alike, and remembers the last one.
type judged struct {
	answer role.Answer
	asked  any
}

func (j *judged) Master(_ context.Context, c role.Check) role.Answer {
	j.asked = c
	return j.answer
}

func (j *judged) Replica(_ context.Context, c role.Check, l role.Limits) role.Answer {
	j.asked = []any{c, l}
	return j.answer
}

func (j *judged) Sentinel(_ context.Context, address string, master *string) role.Answer {
	j.asked = []any{address, master}
	return j.answer
}

func (j *judged) Grace() map[string]bool { return map[string]bool{"orders": true, "cart": false} }

func roleRig(t *testing.T, j *judged) http.Handler {
	t.Helper()
	return handlerOf(t, Sources{Deployment: always(well("a:1")), Roles: j}, defaults(), slog.New(slog.DiscardHandler))
}

// The status is the answer, with or without a body.
func TestRoleAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		answer  role.Answer
		status  int
		verdict string
		grace   string
	}{
		{role.Answer{Verdict: role.Yes, Reason: "it is"}, http.StatusOK, "yes", ""},
		{role.Answer{Verdict: role.Yes, Reason: "it was", Grace: 2460 * time.Millisecond}, http.StatusOK, "yes", "2.5"},
		{role.Answer{Verdict: role.No, Reason: "it is another\x1b"}, http.StatusServiceUnavailable, "no", ""},
		{role.Answer{Verdict: role.Unknown, Reason: "nobody can tell"}, http.StatusServiceUnavailable, "unknown", ""},
		{role.Answer{Verdict: role.NoMaster, Reason: "there is none"}, http.StatusNotFound, "no", ""},
	} {
		j := &judged{answer: test.answer}
		h := roleRig(t, j)
		for _, path := range []string{"/role/master?master=orders&node=a:1", "/role/replica?master=orders&node=a:1", "/role/sentinel?address=a:1"} {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
				got := ask(h, method, path)
				if got.Code != test.status || got.Header().Get("Role-Grace-Seconds") != test.grace || got.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("%s %s: got %d, %v", method, path, got.Code, got.Header())
				}
				if method == http.MethodOptions && (got.Body.Len() > 0 || got.Header().Get("Allow") != "GET, HEAD, OPTIONS") {
					t.Errorf("OPTIONS %s: got %v and %s", path, got.Header(), got.Body)
				}
				if method != http.MethodGet {
					continue
				}
				var body struct{ Role, Verdict, Reason string }
				if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || body.Verdict != test.verdict || body.Reason != test.answer.Reason+"." {
					t.Errorf("%s: got %s, %v", path, got.Body, err)
				}
				if strings.Contains(got.Body.String(), "\x1b") {
					t.Errorf("%s: the body commands a terminal", path)
				}
			}
			if got := ask(h, http.MethodPost, path); got.Code != http.StatusMethodNotAllowed {
				t.Errorf("POST %s: got %d", path, got.Code)
			}
		}
	}
}

// The query is what is asked.
func TestRoleQuestions(t *testing.T) {
	t.Parallel()
	j := &judged{answer: role.Answer{Verdict: role.Yes}}
	h := roleRig(t, j)
	empty := ""
	check := role.Check{Master: "orders", Node: "a:1", Balancer: "192.0.2.1 "}
	for path, want := range map[string]any{
		"/role/master?master=orders&node=a:1":                                       check,
		"/role/master?master=orders&node=a:1&balancer=lb":                           role.Check{Master: "orders", Node: "a:1", Balancer: "192.0.2.1 lb", Named: true},
		"/role/master?master=&node=a:1":                                             role.Check{Node: "a:1", Balancer: "192.0.2.1 "},
		"/role/replica?master=orders&node=a:1":                                      []any{check, role.Limits{MaxLag: -1}},
		"/role/replica?master=orders&node=a:1&max_lag=1MiB&max_link_down=10s":       []any{check, role.Limits{MaxLag: 1 << 20, MaxLinkDown: 10 * time.Second}},
		"/role/replica?master=orders&node=a:1&max_lag=0B":                           []any{check, role.Limits{}},
		"/role/sentinel?address=a:1":                                                []any{"a:1", (*string)(nil)},
		"/role/sentinel?address=a:1&master=":                                        []any{"a:1", &empty},
		"/role/master":                                                              nil,
		"/role/master?master=orders":                                                nil,
		"/role/master?node=a:1":                                                     nil,
		"/role/master?master=orders&node=a:1&node=b:1":                              nil,
		"/role/master?master=orders&node=a:1&max_lag=1MiB":                          nil,
		"/role/replica?master=orders&node=a:1&max_lag=much":                         nil,
		"/role/replica?master=orders&node=a:1&max_lag=-1B":                          nil,
		"/role/replica?master=orders&node=a:1&max_lag=":                             nil,
		"/role/replica?master=orders&node=a:1&max_link_down=10":                     nil,
		"/role/replica?master=orders&node=a:1&max_link_down=-1s":                    nil,
		"/role/sentinel":                                                            nil,
		"/role/master?master=orders&node=a:1&balancer=" + strings.Repeat("x", 1025): nil,
		"/role/sentinel?node=a:1":                                                   nil,
	} {
		j.asked = nil
		got := ask(h, http.MethodGet, path)
		if (got.Code == http.StatusBadRequest) != (want == nil) {
			t.Errorf("%s: got %d: %s", path, got.Code, got.Body)
		}
		if options := ask(h, http.MethodOptions, path); options.Code != got.Code || options.Body.Len() > 0 {
			t.Errorf("OPTIONS %s: got %d, and GET got %d: %s", path, options.Code, got.Code, options.Body)
		}
		if diff := cmp.Diff(want, j.asked); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// The metrics count the checks, and say for which masters nobody can tell.
func TestRoleMetrics(t *testing.T) {
	t.Parallel()
	h := roleRig(t, &judged{answer: role.Answer{Verdict: role.Yes}})
	ask(h, http.MethodGet, "/role/master?master=orders&node=a:1")
	ask(h, http.MethodHead, "/role/master?master=orders&node=a:1")
	text := ask(h, http.MethodGet, "/metrics").Body.String()
	for _, line := range []string{
		`redis_sentinel_exporter_role_checks_total{role="master",verdict="yes"} 2`,
		`redis_sentinel_exporter_role_uncertain{deployment="",master_name="orders"} 1`,
		`redis_sentinel_exporter_role_uncertain{deployment="",master_name="cart"} 0`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("there is no %s", line)
		}
	}
}
