package sentinel

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// taken is a snapshot of masters with these names, and the replies that it is made of.
func taken(t *testing.T, c *Client, names ...string) (*Snapshot, []string) {
	t.Helper()
	commands := c.asking(len(names))
	var masters []any
	var about []string
	for _, name := range names {
		masters = append(masters, flat(strings.ReplaceAll(healthyMaster, "mymaster", name)))
		replies := map[Command]string{
			CommandReplicas:  wire([]any{flat(healthyReplica), flat(healthyReplica + " new-field=of-" + name)}),
			CommandSentinels: wire([]any{flat(healthyPeer), flat(healthyPeer + " flags=sentinel,new_flag")}),
			CommandCKQuorum:  "+OK 3 usable Sentinels. Quorum and failover authorization can be reached\r\n",
			CommandInfoCache: wire([]any{name, []any{[]any{1, "# Server\r\nredis_version:8.6.3\r\nrun_id:" + strings.Repeat("a", 40) +
				"\r\nrole:master\r\nmaxmemory_policy:noeviction\r\nmaster_host:10.0.0.1\r\nmaster_replid:" + strings.Repeat("b", 40) + "\r\nslave0:ip=10.0.0.1,port=6379,state=online,offset=1,lag=0\r\n"}}}),
		}
		for _, command := range commands {
			about = append(about, replies[command])
		}
	}
	replies := slices.Concat([]string{wire(infoText), wire(strings.Repeat("1", 40)), wire(masters)}, about)
	b := c.newSnapshotBuilder(time.Time{})
	for place, raw := range replies {
		b.take(&round{general: generalCommands(), masters: names, perMaster: commands}, place, raw)
	}
	if err := b.complete(); err != nil || len(b.snapshot.Masters) != len(names) || len(b.snapshot.Failures) > 0 {
		t.Fatalf("%d masters of %d, failures %v, %v", len(b.snapshot.Masters), len(names), b.snapshot.Failures, err)
	}
	c.copies = c.copies.after(len(names))
	return b.snapshot, replies
}

// textsIn calls see with each string in a value.
func textsIn(v reflect.Value, path string, see func(path, text string)) {
	switch v.Kind() {
	case reflect.String:
		see(path, v.String())
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			textsIn(v.Elem(), path, see)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			textsIn(v.Field(i), path+"."+v.Type().Field(i).Name, see)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			textsIn(v.Index(i), fmt.Sprintf("%s[%d]", path, i), see)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			textsIn(key, path+" key", see)
			textsIn(v.MapIndex(key), path+" value", see)
		}
	default: // numbers
	}
}

// TestSnapshotKeepsNoReply: no string in a snapshot has a part of a reply as its memory.
func TestSnapshotKeepsNoReply(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range manyMasters {
		many = append(many, fmt.Sprintf("master-%d", i))
	}
	for _, names := range [][]string{{"mymaster"}, many} {
		c := NewClient(Options{Address: "127.0.0.1:26379", InfoCache: true})
		for round := range 3 {
			snapshot, replies := taken(t, c, names...)
			seen := 0
			textsIn(reflect.ValueOf(snapshot), "snapshot", func(path, text string) {
				at := uintptr(unsafe.Pointer(unsafe.StringData(text)))
				for _, raw := range replies {
					begin := uintptr(unsafe.Pointer(unsafe.StringData(raw)))
					if text != "" && at >= begin && at < begin+uintptr(len(raw)) {
						t.Errorf("%d masters, snapshot %d: %s, %q, is of a reply", len(names), round, path, text)
					}
				}
				if text != "" {
					seen++
				}
			})
			if seen < 40*len(names) {
				t.Errorf("only %d strings were seen of %d masters", seen, len(names))
			}
		}
	}
}

// TestErrorsKeepNoReply: nor has a string of an error.
func TestErrorsKeepNoReply(t *testing.T) {
	t.Parallel()
	c := NewClient(Options{Address: "127.0.0.1:26379"})
	master := wire([]any{flat(healthyMaster)})
	for _, bad := range []string{
		"-NOPERM User monitor has no permissions to run this\r\n", "-ERR something\r\n", "-BUSY\r\n", "-NOAUTH Authentication required.\r\n",
		"-ERR unknown command 'SENTINEL', with args beginning with: 'MASTERS'\r\n", "+nonsense\r\n", "*1\r\n+nonsense\r\n", "*1\r\n*2\r\n+port\r\n+x\r\n",
		"*1\r\n*4\r\n+flags\r\n+master,slave,sentinel\r\n+port\r\n+1 2\r\n", "*-1\r\n", "$-1\r\n", ":1\r\n",
	} {
		for place := range 7 {
			replies := []string{wire(infoText), wire(strings.Repeat("1", 40)), master, "*0\r\n", "*0\r\n", "+OK 1 usable Sentinels.\r\n", "*0\r\n"}
			replies[place] = strings.Clone(bad)
			b := c.newSnapshotBuilder(time.Time{})
			for i, raw := range replies {
				b.take(&round{general: generalCommands(), masters: []string{"mymaster"}, perMaster: c.asking(1)}, i, raw)
			}
			_ = b.complete()
			if place != 1 && place < 6 && len(b.snapshot.Failures) == 0 && !strings.HasPrefix(bad, ":") {
				t.Errorf("%q as reply %d: no failure", bad, place)
			}
			textsIn(reflect.ValueOf(b.snapshot), "snapshot", func(path, text string) {
				at, begin := uintptr(unsafe.Pointer(unsafe.StringData(text))), uintptr(unsafe.Pointer(unsafe.StringData(replies[place])))
				if text != "" && at >= begin && at < begin+uintptr(len(replies[place])) {
					t.Errorf("%q as reply %d: %s, %q, is of the reply", bad, place, path, text)
				}
			})
		}
	}
}

// TestCopiesAreKept: what has not changed since the last snapshot needs no memory, and what has changed is right.
func TestCopiesAreKept(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 2 * manyMasters {
		names = append(names, fmt.Sprintf("master-%d", i))
	}
	c := NewClient(Options{Address: "127.0.0.1:26379"})
	for round, now := range [][]string{names, names, names, names[1:], names[1:], slices.Concat(names[:5], []string{"new"}, names[9:]), names, names[:1], names} {
		got, _ := taken(t, c, now...)
		want, _ := taken(t, NewClient(c.options), now...)
		if diff := cmp.Diff(want.Masters, got.Masters, cmp.AllowUnexported(Replica{})); diff != "" {
			t.Errorf("snapshot %d (-without copies +with them)\n%s", round, diff)
		}
		if c.copies != nil && (len(c.copies.list) != c.copies.next || c.copies.made != nil) {
			t.Errorf("snapshot %d: %d texts are kept, and it had %d", round, len(c.copies.list), c.copies.next)
		}
	}
	first, _ := taken(t, c, names...)
	second, _ := taken(t, c, names...)
	var before []string
	textsIn(reflect.ValueOf(first.Masters), "masters", func(_, text string) { before = append(before, text) })
	textsIn(reflect.ValueOf(second.Masters), "masters", func(path, text string) {
		if text != before[0] {
			t.Fatalf("%s is %q, was %q", path, text, before[0])
		}
		if unsafe.StringData(text) != unsafe.StringData(before[0]) && !strings.HasPrefix(text, "of-") && text != "new-field" {
			t.Errorf("%s, %q, was copied again", path, text)
		}
		before = before[1:]
	})
}

// TestBrokenConnectionLeavesNothing: a round trip that begins again on a new connection counts as one, be it the first
// one, or that about masters which are new.
func TestBrokenConnectionLeavesNothing(t *testing.T) {
	t.Parallel()
	c := NewClient(Options{Address: "127.0.0.1:26379"})
	names := []string{"a", "b"}
	want, replies := taken(t, c, names...)
	perMaster, first := c.asking(len(names)), len(generalCommands())
	for _, rounds := range [][]round{
		{{general: generalCommands(), masters: names, perMaster: perMaster}},
		{{general: generalCommands()}, {masters: names, perMaster: perMaster}},
	} {
		for cut := range len(replies) {
			b := c.newSnapshotBuilder(time.Time{})
			from := 0
			for i := range rounds {
				of := replies[from : from+rounds[i].len()]
				from += len(of)
				for place, raw := range of[:min(cut, len(of))] {
					if from-len(of)+place >= first && place%2 == 1 {
						raw = "-NOPERM no\r\n"
					}
					b.take(&rounds[i], place, raw)
				}
				for place, raw := range of {
					b.take(&rounds[i], place, raw)
				}
			}
			if err := b.complete(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, b.snapshot, cmp.AllowUnexported(Replica{}, Snapshot{}), cmpopts.EquateEmpty()); diff != "" || b.entries != 8 {
				t.Errorf("%d round trips, broken after %d replies: %d entries (-want +got)\n%s", len(rounds), cut, b.entries, diff)
			}
		}
	}
}
