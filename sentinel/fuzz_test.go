package sentinel

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
)

func FuzzReplies(f *testing.F) {
	for _, seed := range []string{
		wire([]any{flat(healthyMaster)}), wire([]any{flat(healthyReplica)}), wire([]any{flat(healthyPeer)}), wire(infoText),
		"+OK 3 usable Sentinels\r\n", "*-1\r\n", "*1000000000\r\n", "*1\r\n*-2\r\n", "$5\r\nab\r\n",
		wire([]any{"m", []any{[]any{1, "run_id:x\r\n"}}}),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		// Whatever comes, they return: a value or an error, and no more memory than
		// a multiple of the reply.
		_, _ = parseMasters(raw)
		_, _ = parseReplicas(raw)
		_, _ = parsePeers(raw)
		_, _ = parseMaster(raw)
		_, _ = readInfo(raw)
		_, _ = parseInfo(raw)
		_, _ = readCKQuorum(raw)
		_, _ = parseMasterAddr(raw)
		_, _ = parseInfoCache(raw, "m")
		_, _ = parsePendingScripts(raw)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20+1000*uint64(len(raw)) {
			t.Errorf("%d bytes took %d bytes of memory", len(raw), used)
		}
	})
}

// FuzzGuard: what the guard lets through is well-formed as far as it goes, in
// whatever pieces it comes.
func FuzzGuard(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "*2\r\n$1\r\na\r\n:1\r\n", "$-1\r\n", "HTTP/1.1", "*1\r\n*1\r\n*1\r\n"} {
		f.Add(seed, 1)
	}
	f.Fuzz(func(t *testing.T, data string, step int) {
		if step < 1 {
			step = 1
		}
		whole, wholeErr := readGuarded(strings.NewReader(data), len(data)+1)
		pieces, piecesErr := readGuarded(strings.NewReader(data), step)
		if (wholeErr == nil) != (piecesErr == nil) {
			t.Errorf("whole: %v, in pieces of %d: %v", wholeErr, step, piecesErr)
		}
		if wholeErr == nil && whole != data || piecesErr == nil && pieces != data {
			t.Error("bytes were changed")
		}
		if errors.Is(piecesErr, io.ErrUnexpectedEOF) {
			t.Error("an end was made up")
		}
	})
}
