package admin_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// newMoveRig is one with down-after long enough for the pause, and the account of docs/admin.md.
func newMoveRig(t *testing.T, cfg sentineltest.Config) *rig {
	t.Helper()
	cfg.DownAfter, cfg.NodeConf = 20*time.Second, []string{sentineltest.DocumentedUser(t, "../docs/admin.md", "fence", canary)}
	r := newRig(t, cfg)
	r.operator.UseNodes(&sentinel.Options{Username: "fence", Password: func() (string, error) { return canary, nil }})
	return r
}

func moveTo(n *sentineltest.Node) admin.Operation {
	return admin.Operation{Action: admin.Monitor, Master: name, Address: n.Addr(), Move: true}
}

// A writer writes numbers, one after the other, with a client that asks the Sentinels.
type writer struct {
	mu    sync.Mutex
	acked []string
	end   func()
}

func (r *rig) write(password string) *writer {
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: name, SentinelAddrs: r.ClientAddrs(), Password: password})
	w, done, stop := &writer{}, make(chan struct{}), make(chan struct{})
	w.end = sync.OnceFunc(func() { close(stop); <-done; _ = client.Close() })
	r.t.Cleanup(w.end)
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			key := fmt.Sprint("written:", i)
			if client.Set(r.t.Context(), key, "x", 0).Err() == nil {
				w.mu.Lock()
				w.acked = append(w.acked, key)
				w.mu.Unlock()
			}
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	sentineltest.WaitFor(r.t, "some writes", func() bool { return w.count() > 20 })
	return w
}

func (w *writer) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acked)
}

// TestMove: a go-redis client follows the name to its new node, and no acknowledged write is lost.
func TestMove(t *testing.T) {
	t.Parallel()
	const password = "canary-pass-nodes"
	r := newMoveRig(t, sentineltest.Config{FailoverTimeout: 12345 * time.Millisecond, MasterPassword: password})
	old, other, target := r.Masters[0].Node, r.Masters[0].Replicas[0], r.Masters[0].Replicas[1]
	w := r.write(password)
	if _, err := r.operator.Do(t.Context(), moveTo(target), nil); err == nil || !contains(err.Error(), "requires a password") {
		t.Errorf("without the password: got the error %v", err)
	}
	move := moveTo(target)
	move.Settings = set("auth-pass", password)
	answer := r.do(move, nil)
	r.want(answer, admin.Done, true, true, true)
	if f := answer.Findings; len(f) != 1 || f[0].Check != "settings_forgotten" || answer.Address != target.Addr() || answer.PreviousAddress != old.Addr() {
		t.Errorf("it answers %s", inJSON(t, answer))
	}
	moved := w.count()
	sentineltest.WaitFor(t, "the client to write to the new node", func() bool { return w.count() > moved+20 })
	w.end()
	there := strings.Fields(r.cli(target, "KEYS", "written:*"))
	for _, key := range w.acked {
		if !slices.Contains(there, key) {
			t.Errorf("%s of %d writes is not on the new node", key, len(w.acked))
		}
	}
	for _, n := range []*sentineltest.Node{old, other} {
		if role := strings.Fields(r.cli(n, "ROLE")); role[0] != "slave" || role[2] != strconv.Itoa(target.Port()) {
			t.Errorf("%s has the role %q", n.Addr(), role)
		}
	}
	r.shows(name, "port", strconv.Itoa(target.Port()))
	for field, want := range map[string]string{"quorum": "2", "down-after-milliseconds": "20000", "failover-timeout": "12345", "parallel-syncs": "1"} {
		r.shows(name, field, want)
	}
	sentineltest.WaitFor(t, "the Sentinels to find the replicas and each other", func() bool {
		for i := range r.Sentinels {
			if row := r.row(i, "SENTINEL", "MASTER", name); row.Get("num-slaves") != "2" || row.Get("num-other-sentinels") != "2" || row.Get("flags") != "master" {
				return false
			}
		}
		return true
	})
	if strings.Contains(inJSON(t, answer), "canary") {
		t.Errorf("the password is told: %s", inJSON(t, answer))
	}
	again := r.do(move, nil)
	r.want(again, admin.Done, false, false, false)
	r.NothingDenied(t, "fence")
}

// TestMoveRefused: where data would be lost, something is not permitted, or a Sentinel would not take part.
func TestMoveRefused(t *testing.T) {
	t.Parallel()
	r := newMoveRig(t, sentineltest.Config{Masters: []string{name, "spare"}, Replicas: 1})
	target := r.Masters[0].Replicas[0]
	for _, s := range r.Sentinels {
		r.cli(s.Node, "SENTINEL", "REMOVE", "spare")
	}
	refused := func(op admin.Operation, check string, words ...string) {
		t.Helper()
		_, err := r.operator.Do(r.within(20*time.Second), op, nil)
		guarded, is := errors.AsType[*admin.GuardedError](err)
		if !is || guarded.Findings[0].Check != check || !contains(err.Error(), words...) {
			t.Errorf("want %s: got the error %v", check, err)
		}
	}
	nobody := moveTo(target)
	nobody.Master = "spare"
	refused(nobody, "move_refused", "no Sentinel that answered monitors the name")
	refused(moveTo(r.Masters[1].Node), "move_loses_data", "is no replica of "+r.Masters[0].Node.Addr())
	refused(moveTo(r.Masters[1].Replicas[0]), "move_loses_data", "is a replica of "+r.Masters[1].Node.Addr())
	if v, err := sentineltest.ServerVersion(t.Context()); err == nil && v.AtLeast(7, 0) {
		for _, rule := range []string{"client|kill", "sentinel|monitor"} {
			r.cli(r.Sentinels[1].Node, "ACL", "SETUSER", "default", "-"+rule)
			refused(moveTo(target), "move_refused", r.Sentinels[1].Addr()+": ", "NOPERM")
			r.cli(r.Sentinels[1].Node, "ACL", "SETUSER", "default", "+@all")
		}
	}
	r.cli(r.Masters[0].Node, "ACL", "SETUSER", "fence", "-replicaof")
	refused(moveTo(target), "move_refused", r.Masters[0].Node.Addr()+": REPLICAOF", "NOPERM")
	r.cli(r.Masters[0].Node, "ACL", "SETUSER", "fence", "+replicaof")
	r.shows(name, "port", strconv.Itoa(r.Masters[0].Node.Port()))
	r.shows(name, "config-epoch", "0")
	r.Sentinels[2].Kill()
	refused(moveTo(target), "sentinel_not_asked", r.Sentinels[2].Addr()+" does not answer")
	r.operator.UseNodes(nil)
	if _, err := r.operator.Do(t.Context(), moveTo(target), nil); !isInvalid(err) || !contains(err.Error(), "--node.password-file") {
		t.Errorf("without an account: got the error %v", err)
	}
}

// TestMoveUndone: a Sentinel does not remove the name. All is as it was, and a client goes on.
func TestMoveUndone(t *testing.T) {
	t.Parallel()
	if v, err := sentineltest.ServerVersion(t.Context()); err != nil || !v.AtLeast(7, 0) {
		t.Logf("a Sentinel of %v cannot refuse one of its commands", v)
		return
	}
	r := newMoveRig(t, sentineltest.Config{Replicas: 1})
	old, target := r.Masters[0].Node, r.Masters[0].Replicas[0]
	w := r.write("")
	r.cli(r.Sentinels[1].Node, "ACL", "SETUSER", "default", "-sentinel|remove")
	answer := r.do(moveTo(target), nil)
	r.want(answer, admin.Failed, false, false, false)
	if got := answer.Results[0].Error; !contains(got, r.Sentinels[1].Addr()+": ", "NOPERM", "it was undone") {
		t.Errorf("it says %s", got)
	}
	r.shows(name, "port", strconv.Itoa(old.Port()))
	r.shows(name, "down-after-milliseconds", "20000")
	sentineltest.WaitFor(t, "the new node to follow the old one again", func() bool {
		role, err := target.CLI(t.Context(), "ROLE")
		return err == nil && strings.HasPrefix(role, "slave") && strings.Contains(role, strconv.Itoa(old.Port()))
	})
	n := w.count()
	sentineltest.WaitFor(t, "the client to go on", func() bool { return w.count() > n+20 })
}
