package history_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/history"
)

// heap returns the bytes of the heap that are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what finalizers have let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestManyDeployments: the histories of 1,000 deployments take 20 MiB at most, however many failovers each has had. It is not parallel:
// others would be counted with it.
func TestManyDeployments(t *testing.T) {
	const deployments, mostBytes = 1000, 20 << 20
	const perDeployment = 8 << 10 // what a fleet gives each
	before := heap()
	at := time.Now().Add(-time.Hour)
	all := make([]*history.History, deployments)
	for i := range all {
		all[i] = history.New(history.Options{Deployment: fmt.Sprintf("deployment-%d", i), MaxBytes: perDeployment})
		quiet := at
		for range 12 {
			quiet = failOver(all[i], "mymaster", quiet)
		}
		// Half an hour later its failovers can no longer change.
		failOver(all[i], "other", quiet.Add(time.Hour))
	}
	took := heap() - before
	t.Logf("%d histories of 13 failovers each take %.1f MiB", deployments, float64(took)/(1<<20))
	if took > mostBytes {
		t.Errorf("they take %d bytes, more than %d", took, mostBytes)
	}
	if n := len(all[deployments-1].Records(history.Query{All: true})); n < 3 {
		t.Errorf("%d records are left", n)
	}
	runtime.KeepAlive(all)
}

// TestLargeFile: of a file that is larger than what is read at the start the newest records come back.
func TestLargeFile(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	k.options.MaxBytes = 128 << 20
	f := k.open(t)
	h := follow(f, "")
	failOver(h, "m", time.Now().Add(-time.Hour))
	h.Close()
	f.Close()
	line, err := os.ReadFile(k.path)
	check(t, err)
	line = line[bytes.LastIndexByte(line[:len(line)-1], '\n')+1:]
	file, err := os.Create(k.path)
	check(t, err)
	const size = 80 << 20
	written := 0
	for i := 0; written < size; i++ {
		n, err := file.Write(bytes.Replace(line, []byte(`{"id":"`), fmt.Appendf(nil, `{"id":"%d-`, i), 1))
		check(t, err)
		written += n
	}
	newest := bytes.Replace(line, []byte(`{"id":"`), []byte(`{"id":"newest-`), 1)
	_, err = file.Write(newest)
	check(t, err)
	check(t, file.Close())
	f = k.open(t)
	began := time.Now()
	records := history.New(history.Options{Saved: f.Load(history.DefaultMaxBytes)[""]}).Records(history.Query{All: true})
	t.Logf("%d MiB are read in %s", written>>20, time.Since(began))
	if len(records) < 500 || !slices.ContainsFunc(records, func(r history.Record) bool { return strings.HasPrefix(r.ID, "newest-") }) {
		t.Errorf("%d records came back, and the newest is not among them", len(records))
	}
}
