package web

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"redis_sentinel_exporter/sentinel"
)

// What the pages about a snapshot of a fuzz test may cost: beside what any takes, so much for each master, replica
// and peer of it.
const (
	pageTime, entryTime = 20 * time.Second, 20 * time.Millisecond
	pageMemory          = 64 << 20
	entryMemory         = 1 << 20
)

// FuzzHostile: whatever Sentinels say of names, hosts, numbers and each other, it is assessed, and told by every
// page, in time and memory that are bounded. No page has what commands a terminal but the metrics, whose
// labels are as they are, and these can be parsed.
func FuzzHostile(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x02\x00\x01\x05\x03\x02\x08mymaster\x04\x04a\x1b[2m\xff\xff\xff\xff"))
	f.Add([]byte(strings.Repeat("\x03\u009b\x02\u202e\n<x>\x00\xff\x01", 40)))
	f.Add([]byte(strings.Repeat("\x01\x3f\x02\x01\x01a\x7f", 60)))
	for seed := range uint64(3) { // which leads further than what one thinks of
		data := make([]byte, 500)
		random := rand.New(rand.NewPCG(seed, 0))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		snapshots, entries := (&hostileBytes{rest: data}).snapshots()
		h := handler(t, always(snapshots...), defaults())
		began := time.Now()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, path := range []string{"/metrics", "/status", "/health", "/can-stop", "/sd", "/sd?role=sentinel", "/history"} {
			w := ask(h, http.MethodGet, path)
			if w.Code == http.StatusInternalServerError {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			body := w.Body.String()
			if path == "/metrics" {
				parser := expfmt.NewTextParser(model.UTF8Validation)
				if _, err := parser.TextToMetricFamilies(strings.NewReader(body)); err != nil {
					t.Errorf("the metrics cannot be parsed: %v", err)
				}
				continue
			}
			if i := strings.IndexFunc(body, commandsTerminal); i >= 0 || !utf8.ValidString(body) {
				t.Errorf("%s is raw: %q", path, body[max(0, i-100):min(len(body), max(0, i)+100)])
			}
			if path == "/status" && len(body) > maxPage {
				t.Errorf("/status has %d bytes", len(body))
			}
			if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !json.Valid([]byte(body)) {
				t.Errorf("%s is no JSON: %.200q", path, body)
			}
		}
		runtime.ReadMemStats(&after)
		if took := time.Since(began); took > pageTime+time.Duration(entries)*entryTime {
			t.Errorf("%d entries took %s", entries, took)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > pageMemory+uint64(entries)*entryMemory {
			t.Errorf("%d entries took %d MiB", entries, used>>20)
		}
	})
}

func commandsTerminal(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
}

// hostileBytes are what snapshots are made from.
type hostileBytes struct {
	rest  []byte
	texts []string // those that have been made, to be said again
}

// number is from 0 to most.
func (h *hostileBytes) number(most int) int {
	if len(h.rest) == 0 {
		return 0
	}
	b := h.rest[0]
	h.rest = h.rest[1:]
	return int(b) % (most + 1)
}

// any is any number, small or not, or absent.
func (h *hostileBytes) any() sentinel.Number {
	switch h.number(3) {
	case 0:
		return sentinel.Number{}
	case 1:
		return sentinel.Some(int64(h.number(255)))
	}
	var b [8]byte
	h.rest = h.rest[copy(b[:], h.rest):]
	return sentinel.Some(int64(binary.BigEndian.Uint64(b[:])))
}

func (h *hostileBytes) duration() sentinel.Duration {
	n := h.any()
	return sentinel.Duration{Value: time.Duration(n.Value), Present: n.Present}
}

// text is a new one, or one that was said before.
func (h *hostileBytes) text() string {
	n := h.number(40)
	if n > 30 && len(h.texts) > 0 {
		return h.texts[h.number(len(h.texts)-1)]
	}
	n = min(n, len(h.rest))
	text := string(h.rest[:n])
	h.rest = h.rest[n:]
	h.texts = append(h.texts, text)
	return text
}

// host is one that the parser lets through.
func (h *hostileBytes) host() string {
	if h.number(1) == 0 {
		return fmt.Sprintf("10.0.0.%d", h.number(255))
	}
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-._", r)) {
			return r
		}
		return -1
	}, h.text())
}

func (h *hostileBytes) instance() sentinel.Instance {
	host, port := h.host(), strconv.Itoa(h.number(255)*257)
	return sentinel.Instance{
		Name: h.text(), Host: host, Port: port, Addr: net.JoinHostPort(host, port), RunID: h.text(),
		Flags: sentinel.Flags(h.number(255) | h.number(255)<<8), UnknownFlags: []string{h.text()},
		LinkPendingCommands: h.any(), LastPingSent: h.duration(), LastOKPingReply: h.duration(), LastPingReply: h.duration(),
		SDownTime: h.duration(), DownAfter: h.duration(),
	}
}

func (h *hostileBytes) role() string {
	return []string{sentinel.RoleMaster, sentinel.RoleReplica, h.text()}[h.number(2)]
}

// snapshots are of up to four Sentinels; entries counts what they list. Copies have the same names, or are numbered.
func (h *hostileBytes) snapshots() (snapshots []*sentinel.Snapshot, entries int) {
	for i := range 1 + h.number(3) {
		s := well(fmt.Sprintf("10.9.9.%d:26379", i))
		s.ID = h.text()
		s.Info = &sentinel.Info{RunID: h.text(), Version: h.text(), Product: "redis", Uptime: h.duration(), Tilt: sentinel.Some(h.number(1) == 1), MaxClients: h.any(), ConnectedClients: h.any()}
		for range 1 + h.number(3) {
			m := h.master()
			s.Masters = append(s.Masters, m)
			for copied := range h.number(30) {
				m.Name += strconv.Itoa(copied) // as long as it gets
				s.Masters = append(s.Masters, m)
			}
		}
		for i := range s.Masters {
			entries += 1 + len(s.Masters[i].Replicas) + len(s.Masters[i].Peers)
		}
		snapshots = append(snapshots, s)
	}
	return snapshots, entries
}

func (h *hostileBytes) master() sentinel.Master {
	m := sentinel.Master{
		Instance: h.instance(), RoleReported: h.role(), ConfigEpoch: h.any(), Quorum: h.any(), NumReplicas: h.any(), NumOtherSentinels: h.any(),
		FailoverTimeout: h.duration(), ODownTime: h.duration(), InfoRefresh: h.duration(), ParallelSyncs: h.any(), NotificationScript: h.text(), ReconfigScript: h.text(),
	}
	if usable := h.any(); usable.Present {
		m.CKQuorum = &sentinel.CKQuorum{Usable: usable.Value, QuorumReachable: usable.Value&1 == 0, MajorityReachable: usable.Value&2 == 0, Text: h.text()}
	}
	for range h.number(4) {
		r := sentinel.Replica{
			Instance: h.instance(), RoleReported: h.role(), InfoRefresh: h.duration(), MasterLinkDownTime: h.duration(), MasterLinkUp: h.number(1) == 1,
			MasterHost: h.host(), MasterPort: m.Port, Priority: h.any(), ReplOffset: h.any(),
		}
		for range 1 + h.number(9) {
			m.Replicas = append(m.Replicas, r)
		}
	}
	for range h.number(4) {
		p := sentinel.Peer{Instance: h.instance(), LastHello: h.duration(), VotedLeader: h.text(), VotedLeaderEpoch: h.any()}
		for range 1 + h.number(9) {
			m.Peers = append(m.Peers, p)
		}
	}
	return m
}
