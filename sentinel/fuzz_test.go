package sentinel

import (
	"errors"
	"io"
	"math/big"
	"runtime"
	"strings"
	"testing"
)

func FuzzReplies(f *testing.F) {
	for _, seed := range []string{
		wire([]any{flat(healthyMaster)}), wire([]any{flat(healthyReplica)}), wire([]any{flat(healthyPeer)}), "*-1\r\n", "*1000000000\r\n", "*1\r\n*-2\r\n", "$5\r\nab\r\n",
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

// FuzzInfo: what is read of an INFO was in it, and what was not in it is absent.
func FuzzInfo(f *testing.F) {
	for _, seed := range []string{infoText, "", "run_id:\r\n", "run_id:x\nmaxclients:-1", "run_id:x\r\nmaxclients:1\r\nmaxclients:99999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		info, err := parseInfo(text)
		if err != nil {
			if !errors.Is(err, errMalformed) || len(err.Error()) > longestError {
				t.Errorf("got the error %v", err)
			}
			return
		}
		if said, _ := lastOf(text, "run_id"); info.RunID != said {
			t.Errorf("the run id is %q, it said %q", info.RunID, said)
		}
		for name, got := range map[string]Number{
			"maxclients": info.MaxClients, "connected_clients": info.ConnectedClients, "rejected_connections": info.RejectedConnections,
			"sentinel_masters": info.Masters, "sentinel_total_tilt": info.TotalTilt,
		} {
			said, found := lastOf(text, name)
			if want, ok := new(big.Int).SetString(said, 10); got.Present != found || found && (!ok || want.Cmp(big.NewInt(got.Value)) != 0) {
				t.Errorf("%s is %+v, it said %q", name, got, said)
			}
		}
	})
}

// lastOf finds the last line of an INFO with this name.
func lastOf(text, name string) (value string, found bool) {
	start := "\n" + name + ":"
	text = "\n" + text
	i := strings.LastIndex(text, start)
	if i < 0 {
		return "", false
	}
	value, _, _ = strings.Cut(text[i+len(start):], "\n")
	return strings.TrimSuffix(value, "\r"), true
}

// longestError is that of one which quotes three texts: each byte can become 7, as it is escaped
// and then quoted.
const longestError = 3 * 7 * maxText

// FuzzCKQuorum: it is a quorum if the Sentinel says OK, none if it says NOQUORUM and
// why, and nothing otherwise.
func FuzzCKQuorum(f *testing.F) {
	for _, seed := range []string{
		"+OK 3 usable Sentinels. Quorum and failover authorization can be reached\r\n", "-NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the majority\r\n",
		"-NOQUORUM 0 usable Sentinels.\r\n", "+NOQUORUM 1 majority\r\n", "+OK\r\n", "+OK -1 usable\r\n", "-ERR No such master with that name\r\n", "$4\r\nOK 1\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := readCKQuorum(raw)
		if err != nil {
			if len(err.Error()) > longestError {
				t.Errorf("got an error of %d bytes", len(err.Error()))
			}
			return
		}
		ok, no := strings.HasPrefix(got.Text, "OK "), strings.HasPrefix(got.Text, "NOQUORUM ")
		if ok == no || got.OK() != ok || got.Usable < 0 || !strings.Contains(raw, got.Text) {
			t.Errorf("%q was read as %+v", raw, got)
		}
	})
}

// FuzzGuard: what the limitedConn lets through is well-formed as far as it goes, and is taken apart where the
// scanner sees the ends of replies, in whatever pieces it comes.
func FuzzGuard(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "*2\r\n$1\r\na\r\n:1\r\n", "$-1\r\n", "HTTP/1.1", "*1\r\n*1\r\n*1\r\n"} {
		f.Add(seed, 1)
	}
	f.Fuzz(func(t *testing.T, data string, step int) {
		step = max(step, 1+len(data)/1000) // a thousand pieces are enough
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
		c := &limitedConn{most: maxExchange, Conn: &stream{data: strings.NewReader(data), step: step}}
		n := 1 + step%5
		var replies []string
		got, err := c.replies(n, func(_ int, reply string) { replies = append(replies, strings.Clone(reply)) })
		if !strings.HasPrefix(data, strings.Join(replies, "")) || err == nil && (len(replies) != n || got != n) {
			t.Errorf("%d replies of %d, in pieces of %d: %q, %v", len(replies), n, step, replies, err)
		}
		scanner := reply{rest: data}
		for i, raw := range replies {
			before := scanner.rest
			if scanner.skip() != nil { // it is stricter
				break
			}
			if want := before[:len(before)-len(scanner.rest)]; raw != want {
				t.Errorf("reply %d in pieces of %d is %q, want %q", i, step, raw, want)
			}
		}
	})
}
