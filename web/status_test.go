package web

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"redis_sentinel_exporter/sentinel"
)

// rows are the rows of the page's tables, as text with | between the cells.
func rows(html string) string {
	html = regexp.MustCompile(`</t[hd]>`).ReplaceAllString(html, "|")
	html = regexp.MustCompile(`</?(tr|tbody|thead|table|h[1-6]|p|li|summary)[^>]*>`).ReplaceAllString(html, "\n")
	html = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(html, "")
	return html
}

func TestStatusPage(t *testing.T) {
	const down = sentinel.FlagSDown | sentinel.FlagODown
	moved := monitoring("c:3", "m", 0)
	moved.Masters[0].Addr, moved.Masters[0].Host = "10.0.0.11:6379", "10.0.0.11"
	frozen := monitoring("b:2", "m", 0)
	frozen.Info.Tilt = sentinel.Some(true)
	blocked := monitoring("a:1", "m", 0)
	blocked.Masters[0].Replicas[0].Priority = sentinel.Some(int64(0))
	for _, tc := range []struct {
		name      string
		snapshots []*sentinel.Snapshot
		path      string
		want      []string // in the text of the page
	}{
		{"healthy", []*sentinel.Snapshot{monitoring("a:1", "m", 0), monitoring("b:2", "m", 0)}, "/status", []string{
			"\nOK\n", "10.0.0.10:6379 is up, 1 of 1 replica can be promoted, 1 more Sentinel can fail", "Nothing is wrong",
			"a:1|10.0.0.10:6379|1|up|2|3 of 3|1|1 of 1|", "10.0.0.11:6379|✓yes|up|up|100|?|", "a:1|itself|✕unknown|",
		}},
		{"down", []*sentinel.Snapshot{monitoring("a:1", "m", down)}, "/status", []string{
			"\nCRITICAL\n", "the master 10.0.0.10:6379 has been objectively down", "What is wrong, and what to do",
			"redis-cli -h 10.0.0.10 -p 6379 PING", "a:1|10.0.0.10:6379|1|✕objectively down ?|",
		}},
		{"disagreement", []*sentinel.Snapshot{monitoring("a:1", "m", 0), monitoring("b:2", "m", 0), moved}, "/status", []string{
			"c:3|≠10.0.0.11:6379 (differs from the others)|1|up|", "a:1|10.0.0.10:6379|1|up|",
		}},
		{"TILT", []*sentinel.Snapshot{monitoring("a:1", "m", 0), frozen}, "/status", []string{
			"b:2TILT: it detects no failures, and its states are frozen|10.0.0.10:6379|", "✕yes, ?|",
		}},
		{"no replica to promote", []*sentinel.Snapshot{blocked}, "/status", []string{
			"10.0.0.11:6379|✕no: its replica-priority is 0 (1 of 1 Sentinels) |up|up|✕0|", "✕0 of 1|",
		}},
		{"one silent", []*sentinel.Snapshot{monitoring("a:1", "m", 0), dead("b:2", sentinel.ReasonTimeout)}, "/status", []string{
			"b:2|✕did not answer: timeout: it timeout|", "1 of 2 Sentinels answered",
		}},
		{"what follows is under its cause", []*sentinel.Snapshot{monitoring("a:1", "m", 0), well("b:2")}, "/status", []string{
			"To see more:\n\n\nredis-cli -h b -p 2 SENTINEL MASTERS\n\n\nThis leads to:\n\n\n\n\n\n✕ CRITICAL m master_missing",
		}},
		{"one without the master", []*sentinel.Snapshot{monitoring("a:1", "m", 0), well("b:2")}, "/status", []string{"b:2|✕does not monitor this master|"}},
		{"nobody", []*sentinel.Snapshot{dead("a:1", sentinel.ReasonUnreachable)}, "/status", []string{
			"\nUNKNOWN\n", "no Sentinel of 1 answered", "sentinel_unreachable",
		}},
		{"all in TILT", []*sentinel.Snapshot{frozen}, "/status", []string{
			"\nUNKNOWN\n", "? UNKNOWN m master_odown has no result: every Sentinel that monitors it is in TILT, and sees nothing go down",
		}},
		{"one of two", []*sentinel.Snapshot{monitoring("a:1", "m", 0)}, "/status?master=m&refresh=off", []string{"Refresh is paused."}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ask(handler(t, always(tc.snapshots...), defaults()), http.MethodGet, tc.path)
			text := rows(got.Body.String())
			for _, want := range tc.want {
				if got.Code != http.StatusOK || !strings.Contains(text, want) {
					t.Errorf("got %d without %q in\n%s", got.Code, want, text)
				}
			}
		})
	}
}

// Whatever a Sentinel says is text.
func TestStatusPageEscapes(t *testing.T) {
	const nasty = `<script>alert("x")</script>'"&`
	s := monitoring(nasty, nasty, sentinel.FlagSDown)
	m := &s.Masters[0]
	m.Addr, m.Host, m.RunID = nasty, nasty, nasty
	m.Replicas[0].Addr, m.Replicas[0].MasterHost = nasty, nasty
	m.Peers = []sentinel.Peer{{Instance: sentinel.Instance{Addr: nasty, RunID: nasty}}}
	s.ID, s.Info.Version = nasty, nasty
	silent := dead(nasty+"2", sentinel.ReasonTimeout)
	body := ask(handler(t, always(s, silent), defaults()), http.MethodGet, "/status").Body.String()
	for _, bad := range []string{"<script", `alert("x")`, "ZgotmplZ"} {
		if strings.Contains(body, bad) {
			t.Errorf("%s is in the page:\n%s", bad, body)
		}
	}
	if !strings.Contains(body, "&lt;script&gt;") {
		t.Error("the name is not there at all")
	}
}

// TestStatusPageShowsTheWorst: of many masters and findings it shows the worst, and says
// how many more there are.
func TestStatusPageShowsTheWorst(t *testing.T) {
	many := well("a:1")
	for i := range 1000 {
		s := monitoring("a:1", fmt.Sprintf("m%04d", i), 0)
		m := &s.Masters[0]
		for k, node := range []*sentinel.Instance{&m.Instance, &m.Replicas[0].Instance} {
			node.Host, node.RunID = fmt.Sprintf("10.%d.%d.%d", k, i/250, i%250), fmt.Sprint(k, " ", i)
			node.Addr = node.Host + ":6379"
		}
		m.Replicas[0].MasterHost = m.Host
		if i%3 == 2 {
			m.Flags |= sentinel.FlagSDown | sentinel.FlagODown
		}
		many.Masters = append(many.Masters, *m)
	}
	page := ask(handler(t, always(many), defaults()), http.MethodGet, "/status").Body.String()
	if len(page) > maxPage {
		t.Errorf("it has %d bytes", len(page))
	}
	if !strings.Contains(page, `id="master-2"`) {
		t.Errorf("it does not show the first that is down, of %d bytes", len(page))
	}
	text := rows(page)
	for _, want := range []string{"more masters are not shown, none of them worse", "more are not shown"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if strings.Contains(page, `id="master-0"`) {
		t.Error("it shows a master that is well, though others are not")
	}
}

func TestStatusPageHeaders(t *testing.T) {
	h := handler(t, always(monitoring("a:1", "m", 0)), defaults())
	header := ask(h, http.MethodGet, "/status").Header()
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Refresh": "10",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := ask(h, http.MethodGet, "/status?refresh=off").Header().Get("Refresh"); got != "" {
		t.Errorf("held still it has Refresh: %s", got)
	}
	body := ask(h, http.MethodGet, "/status").Body.String()
	for _, bad := range []string{"<script", "<style", " style=", " onclick"} {
		if strings.Contains(body, bad) {
			t.Errorf("the policy forbids %s", bad)
		}
	}
	style := regexp.MustCompile(`href="(status\.css[^"]*)"`).FindStringSubmatch(body)
	if style == nil {
		t.Fatal("there is no style")
	}
	if got := ask(h, http.MethodGet, "/"+style[1]); got.Code != http.StatusOK || got.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the style: got %d, %v", got.Code, got.Header())
	}
}

func TestStatusPageRefusesBadQueries(t *testing.T) {
	h := handler(t, always(monitoring("a:1", "m", 0)), defaults())
	for path, want := range map[string]int{
		"/status?refresh=on": 400, "/status?x=y": 400, "/status?master=m&master=m": 400, "/status?master=%zz": 400,
		"/status?master=nosuch": 404, "/status?master=m": 200,
	} {
		if got := ask(h, http.MethodGet, path).Code; got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
}
