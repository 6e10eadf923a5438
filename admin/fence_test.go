package admin_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

// newFenceRig is one with down-after long enough for a fence, and the account of docs/admin.md.
func newFenceRig(t *testing.T, cfg sentineltest.Config) *rig {
	t.Helper()
	cfg.Replicas, cfg.DownAfter, cfg.NodeConf = 1, 20*time.Second, []string{sentineltest.DocumentedUser(t, "../docs/admin.md", "fence", canary)}
	r := newRig(t, cfg)
	r.operator.UseNodes(&sentinel.Options{Username: "fence", Password: func() (string, error) { return canary, nil }})
	return r
}

func fenced() admin.Operation {
	return admin.Operation{Action: admin.Failover, Master: name, Way: admin.Fenced}
}

// TestFenceLosesNothing: somebody writes all the time and hears of no failover. All that was acknowledged is on
// the new master.
func TestFenceLosesNothing(t *testing.T) {
	t.Parallel()
	r := newFenceRig(t, sentineltest.Config{})
	old, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
	talk, err := old.Talk()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	acked, end := 0, ""
	done := make(chan struct{})
	stopWriting := func() { talk.Close(); <-done }
	defer stopWriting()
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			replies, err := talk.Batch(t.Context(), []string{"SET", fmt.Sprint("written:", i), "x"})
			mu.Lock()
			if err != nil || replies[0].Err != nil {
				end = fmt.Sprint(err, replies)
				mu.Unlock()
				return
			}
			acked++
			mu.Unlock()
		}
	}()
	sentineltest.WaitFor(t, "some writes", func() bool { mu.Lock(); defer mu.Unlock(); return acked > 50 })
	answer := r.do(fenced(), nil)
	r.want(answer, admin.Done, true)
	sentineltest.WaitFor(t, "the old master to follow", func() bool {
		info, err := old.Info(t.Context(), "replication")
		return err == nil && info["role"] == "slave" && info["master_link_status"] == "up"
	})
	stopWriting() // by now nothing that it writes is acknowledged
	there := strings.Fields(r.cli(heir, "KEYS", "written:*"))
	lost := 0
	for i := range acked {
		if !slices.Contains(there, fmt.Sprint("written:", i)) {
			lost++
		}
	}
	if lost != 0 {
		t.Errorf("%d of %d acknowledged writes are lost; the writer ended with %s", lost, acked, end)
	}
	if l := answer.Loss; l.LostBytes == nil || *l.LostBytes != 0 || !contains(l.Risk, "wait until the replica is promoted") {
		t.Errorf("it says %s", inJSON(t, answer.Loss))
	}
	if strings.Contains(inJSON(t, answer), canary) {
		t.Errorf("the password is told: %s", inJSON(t, answer))
	}
	r.NothingDenied(t, "fence")
}

// TestFenceEndsWithTheOldMaster: a replica whose writes are paused does not apply those of its master either, so the pause
// ends when the old master is one, and not with the operation.
func TestFenceEndsWithTheOldMaster(t *testing.T) {
	t.Parallel()
	r := newFenceRig(t, sentineltest.Config{})
	old, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
	followed := false
	answer := r.do(fenced(), func(text string) {
		if !strings.HasPrefix(text, old.Addr()+": follows ") {
			return
		}
		followed = true
		r.cli(heir, "SET", "new", "x")
		began := time.Now()
		sentineltest.WaitFor(t, "the old master to have what the new one takes", func() bool { return r.cli(old, "GET", "new") == "x" })
		if took := time.Since(began); took > 4*time.Second { // the pause lasts 10 s
			t.Errorf("it had it after %s", took)
		}
	})
	if r.want(answer, admin.Done, true); !followed {
		t.Error("it was not seen to follow")
	}
}

// TestFenceIsLowered when the failover is given up.
func TestFenceIsLowered(t *testing.T) {
	t.Parallel()
	r := newFenceRig(t, sentineltest.Config{FailoverTimeout: time.Second})
	old, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
	if err := heir.Hang(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var told []string
	answer := r.do(fenced(), func(text string) { told = append(told, text) })
	r.want(answer, admin.Failed, false)
	const pause = 10 * time.Second
	ended := time.Since(began)
	r.cli(old, "SET", "k", "v")
	if took := time.Since(began); ended < pause/2 && took > pause {
		t.Errorf("the failover was given up after %s, and the next write was taken after %s", ended, took)
	}
	if !contains(strings.Join(told, "\n"), old.Addr()+": writes wait, for 10s at most") {
		t.Errorf("it told %q", told)
	}
}

// TestFenceRefused: without an account, with one that may not, and where it makes no sense.
func TestFenceRefused(t *testing.T) {
	t.Parallel()
	r := newFenceRig(t, sentineltest.Config{Sentinels: 1, Quorum: 1})
	r.cli(r.Masters[0].Node, "ACL", "SETUSER", "fence", "-client|pause")
	answer := r.do(fenced(), nil)
	r.want(answer, admin.Failed, false)
	if got := answer.Results[0].Error; !contains(got, "NOPERM", "nothing was done") {
		t.Errorf("it says %s", got)
	}
	r.shows(name, "config-epoch", "0")
	for _, op := range []admin.Operation{
		{Action: admin.Failover, Master: name, Way: "no way"},
		{Action: admin.Reset, Master: name, Way: admin.Fenced},
	} {
		if _, err := r.operator.Do(t.Context(), op, nil); !isInvalid(err) {
			t.Errorf("got the error %v", err)
		}
	}
	r.operator.UseNodes(nil)
	if _, err := r.operator.Do(t.Context(), fenced(), nil); !isInvalid(err) || !contains(err.Error(), "--node.password-file") {
		t.Errorf("without an account: got the error %v", err)
	}
}

func isInvalid(err error) bool {
	_, ok := errors.AsType[*admin.InvalidError](err)
	return ok
}
