package admin_test

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestHostNames: where the Sentinels resolve and announce host names, and the nodes announce theirs, a name moves, and
// a fence holds, all the same; also to an address that the node does not announce.
func TestHostNames(t *testing.T) {
	t.Parallel()
	if v, err := sentineltest.ServerVersion(t.Context()); err != nil || !v.AtLeast(6, 2) {
		return // Sentinels have names from 6.2 on
	}
	t.Run("move", func(t *testing.T) {
		t.Parallel()
		r := newMoveRig(t, sentineltest.Config{Host: "localhost"})
		old, target := r.Masters[0].Node, r.Masters[0].Replicas[1]
		w := r.write("")
		answer := r.do(moveTo(target), nil)
		r.want(answer, admin.Done, true, true, true)
		if f := answer.Findings; len(f) != 1 || f[0].Check != "settings_forgotten" || answer.Address != target.Addr() || answer.PreviousAddress != old.Addr() {
			t.Errorf("it answers %s", inJSON(t, answer))
		}
		moved := w.count()
		sentineltest.WaitFor(t, "the client to write to the new node", func() bool { return w.count() > moved+20 })
		w.end()
		there := strings.Fields(r.cli(target, "KEYS", "written:*"))
		if len(there) < len(w.acked) {
			t.Errorf("%d of %d writes are on the new node", len(there), len(w.acked))
		}
	})
	t.Run("move to the address of a name", func(t *testing.T) {
		t.Parallel()
		r := newMoveRig(t, sentineltest.Config{Host: "localhost"})
		target := r.Masters[0].Replicas[1]
		to := moveTo(target)
		to.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(target.Port()))
		answer := r.do(to, nil)
		r.want(answer, admin.Done, true, true, true)
		if f := answer.Findings; len(f) != 1 || f[0].Check != "settings_forgotten" {
			t.Errorf("it answers %s", inJSON(t, answer))
		}
	})
	t.Run("fence", func(t *testing.T) {
		t.Parallel()
		r := newFenceRig(t, sentineltest.Config{Host: "localhost"})
		answer := r.do(fenced(), nil)
		if answer.Completion() != admin.Done || answer.Loss == nil || answer.Loss.LostBytes == nil || *answer.Loss.LostBytes != 0 {
			t.Errorf("it answers %s", inJSON(t, answer))
		}
	})
}
