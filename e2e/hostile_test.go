//go:build !race

// The race detector takes several times the memory.

package e2e_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

const (
	hostileMemory = 256 << 20 // bytes resident at most, whatever comes
	hostilePage   = 2 << 20   // bytes of /status
	hostileTime   = 5         // seconds that the scrape says it waits
)

// hugeReply is an array of one string of 60 MiB, which is not ended.
func hugeReply(c *sentineltest.ScriptConn) {
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	if !c.Write([]byte("*64\r\n")) {
		return
	}
	for range 60 {
		if !c.Write([]byte(fmt.Sprintf("$%d\r\n", len(chunk)))) || !c.Write(chunk) || !c.Write([]byte("\r\n")) {
			return
		}
	}
	c.Silence()
}

// manyRows is a reply of n entries that are as small as can be.
func manyRows(n int, kind string, host func(int) string) []byte {
	b := []byte(fmt.Sprintf("*%d\r\n", n))
	for i := range n {
		b = append(b, "*10\r\n"...)
		for _, word := range []string{"name", "n" + strconv.Itoa(i), "ip", host(i), "port", "6379", "flags", kind, "runid", strings.Repeat(strconv.Itoa(i%10), 40)} {
			b = append(b, sentineltest.Bulk(word)...)
		}
	}
	return b
}

func oneHost(int) string { return "10.1.1.1" }

func manyHosts(i int) string { return fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255) }

// A hostileKind is one that pretends to be a Sentinel.
type hostileKind struct {
	name   string
	config sentineltest.FakeConfig
	script map[string]sentineltest.Script
	many   bool // twelve of them are worth a test
}

func hostileKinds() []hostileKind {
	raw := func(b []byte) sentineltest.Script { return sentineltest.Raw(b) }
	shared := func(kind, _ string, row sentineltest.Row) sentineltest.Row {
		if kind == "master" {
			return row.With("ip", "10.1.1.1").With("runid", strings.Repeat("a", 40)).With("flags", "master,s_down,o_down")
		}
		return row
	}
	return []hostileKind{
		{"huge reply that stalls", sentineltest.FakeConfig{}, map[string]sentineltest.Script{"SENTINEL MASTERS": hugeReply}, true},
		{"huge INFO", sentineltest.FakeConfig{Info: "run_id:x\r\n" + strings.Repeat("a:b\r\n", 4<<20/5-10)}, nil, false},
		{"60,000 masters at one address", sentineltest.FakeConfig{}, map[string]sentineltest.Script{"SENTINEL MASTERS": raw(manyRows(60_000, "master", oneHost))}, true},
		{"9,000 masters at one address", sentineltest.FakeConfig{Masters: 9_000, Edit: shared}, nil, false},
		{"9,000 masters", sentineltest.FakeConfig{Masters: 9_000, Replicas: 2}, nil, true},
		{"200,000 replicas", sentineltest.FakeConfig{}, map[string]sentineltest.Script{"SENTINEL REPLICAS": raw(manyRows(200_000, "slave,s_down", manyHosts))}, false},
		{"1,000 replicas and peers", sentineltest.FakeConfig{Replicas: 1000, Peers: 900, Edit: func(kind, _ string, row sentineltest.Row) sentineltest.Row {
			if kind != "master" {
				row = row.With("flags", row.Get("flags")+",s_down,disconnected").With("s-down-time", "900000").With("master-link-status", "err")
			}
			return row
		}}, nil, false},
		{"slow", sentineltest.FakeConfig{}, map[string]sentineltest.Script{"SENTINEL MASTERS": sentineltest.Trickle(bytes.Repeat([]byte("*1\r\n"), 100), 50*time.Millisecond)}, false},
		{"endless", sentineltest.FakeConfig{}, map[string]sentineltest.Script{"INFO": sentineltest.Endless([]byte("*1000000\r\n"), bytes.Repeat([]byte("$-1\r\n"), 1000))}, false},
		{"long names", sentineltest.FakeConfig{Masters: 300, Name: func(i int) string { return strings.Repeat("\x1b'", 500) + strconv.Itoa(i) }, Edit: shared}, nil, false},
	}
}

func (k *hostileKind) run(t *testing.T) *sentineltest.Fake {
	t.Helper()
	fake := sentineltest.RunFake(t, k.config)
	for command, script := range k.script {
		fake.Script(command, script)
	}
	return fake
}

// peakMemory is the most that a process had resident, in bytes.
func peakMemory(t *testing.T, p *exportertest.Process) int {
	t.Helper()
	_, rest, _ := strings.Cut(p.Procfs(t, "status"), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// TestHostileSentinels has one Sentinel of each hostile kind beside a good one. The good
// one's samples come in time, the page stays small, and so does the process.
func TestHostileSentinels(t *testing.T) {
	good := sentineltest.RunFake(t, sentineltest.FakeConfig{Masters: 2, Replicas: 2, Peers: 2})
	for _, kind := range hostileKinds() {
		t.Run(kind.name, func(t *testing.T) {
			bad := kind.run(t)
			p := exportertest.StartProcess(t, "--sentinel.address="+good.Addr()+","+bad.Addr(), "--sentinel.timeout="+strconv.Itoa(hostileTime)+"s")
			began := time.Now()
			page := p.MustGet(t, "/metrics", "X-Prometheus-Scrape-Timeout-Seconds", strconv.Itoa(hostileTime))
			took := time.Since(began)
			if !page.Has(`redis_sentinel_up{sentinel="` + good.Addr() + `"} 1`) {
				t.Error("the good Sentinel is not up")
			}
			if took > hostileTime*time.Second {
				t.Errorf("a scrape took %s", took)
			}
			sizes := map[string]int{"/metrics": len(page.Body)}
			for _, path := range []string{"/status", "/health?fail_on=critical", "/sd?master=master-0"} {
				answer, err := p.Get(path)
				if err != nil {
					t.Fatal(err)
				}
				sizes[path] = len(answer.Body)
			}
			if sizes["/status"] > hostilePage {
				t.Errorf("/status has %d bytes", sizes["/status"])
			}
			peak := peakMemory(t, p)
			if peak > hostileMemory {
				t.Errorf("%d MiB were resident", peak>>20)
			}
			t.Logf("a scrape took %.2f s, %d MiB were resident at most, bytes: %v", took.Seconds(), peak>>20, sizes)
		})
	}
}

// TestHostileTargets has one probe of twelve targets of the same hostile kind, while a good
// Sentinel is scraped.
func TestHostileTargets(t *testing.T) {
	good := sentineltest.RunFake(t, sentineltest.FakeConfig{Masters: 2})
	for _, kind := range hostileKinds() {
		if !kind.many {
			continue
		}
		t.Run(kind.name, func(t *testing.T) {
			var targets []string
			for range 12 {
				targets = append(targets, kind.run(t).Addr())
			}
			p := exportertest.StartProcess(t, "--sentinel.address="+good.Addr(), "--config.file="+exportertest.TempFile(t, "modules: {}\n"))
			probed := make(chan time.Duration)
			go func() {
				began := time.Now()
				_, _ = p.Get("/probe?target="+strings.Join(targets, ","), "X-Prometheus-Scrape-Timeout-Seconds", strconv.Itoa(hostileTime))
				probed <- time.Since(began)
			}()
			scrapes := 0
			for done := false; !done; {
				select {
				case took := <-probed:
					t.Logf("the probe took %.2f s, %d scrapes meanwhile", took.Seconds(), scrapes)
					done = true
				default:
					if !p.MustGet(t, "/metrics").Has(`redis_sentinel_up{sentinel="` + good.Addr() + `"} 1`) {
						t.Error("the good Sentinel is not up")
					}
					scrapes++
				}
			}
			if peak := peakMemory(t, p); peak > hostileMemory {
				t.Errorf("%d MiB were resident", peak>>20)
			} else {
				t.Logf("%d MiB were resident at most", peak>>20)
			}
		})
	}
}
