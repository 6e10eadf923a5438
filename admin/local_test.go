package admin_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/sentinel"
)

const canary = "canary-pass-f00"

func set(nameAndValues ...any) []sentinel.Option {
	var options []sentinel.Option
	for i := 0; i < len(nameAndValues); i += 2 {
		options = append(options, option(nameAndValues[i].(string), nameAndValues[i+1]))
	}
	return options
}

func contains(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// config is the file that a Sentinel keeps, without the quotes that Valkey 9.1
// puts around some of the words.
func (r *rig) config(i int) string {
	text, err := os.ReadFile(filepath.Join(r.Sentinels[i].Dir(), "sentinel.conf"))
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), `"`, "")
}

// TestOnEverySentinel: SET, REMOVE, MONITOR with settings, and FLUSHCONFIG, each
// read back by redis-cli; and again, which finds nothing to do.
func TestOnEverySentinel(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Masters: []string{name, "other"}, Replicas: sentineltest.None})
	addr := r.Masters[1].Node.Addr()
	var told strings.Builder
	say := func(text string) { told.WriteString(text + "\n") }

	answer := r.do(admin.Operation{Action: admin.Set, Master: "other", Settings: set("down-after-milliseconds", 4321, "quorum", 3, "auth-pass", canary)}, say)
	r.want(answer, admin.Done, true, true, true)
	r.shows("other", "down-after-milliseconds", "4321")
	r.shows("other", "quorum", "3")
	r.shows(name, "quorum", "2")
	for i := range r.Sentinels {
		if !strings.Contains(r.config(i), "auth-pass other "+canary) {
			t.Errorf("Sentinel %d lacks the password", i)
		}
	}
	all := inJSON(t, answer)
	if !contains(all, "SENTINEL SET other auth-pass ******", "auth-pass: accepted; no Sentinel shows it") {
		t.Errorf("the answer is %s", all)
	}

	answer = r.do(admin.Operation{Action: admin.Remove, Master: "other"}, say)
	r.want(answer, admin.Done, true, true, true)
	r.shows("other", "quorum", "")
	if got := inJSON(t, answer.Findings); strings.Count(got, `"settings_forgotten"`) != 3 ||
		!contains(got, "quorum 3, down-after-milliseconds 4321, failover-timeout 10000, parallel-syncs 1", "auth-user, auth-pass") {
		t.Errorf("what is lost is not called out: %s", got)
	}
	r.want(r.do(admin.Operation{Action: admin.Remove, Master: "other"}, nil), admin.Done, false, false, false)

	again := admin.Operation{Action: admin.Monitor, Master: "other", Address: addr, Quorum: 3}
	plan := again
	plan.DryRun = true
	if got := inJSON(t, r.do(plan, nil)); !contains(got, `"settings_default"`, "down-after-milliseconds 30000, failover-timeout 180000, parallel-syncs 1, no auth-user, no auth-pass") {
		t.Errorf("the defaults are not called out: %s", got)
	}
	again.Settings = set("down-after-milliseconds", 4321, "failover-timeout", 10000, "parallel-syncs", 2, "auth-pass", canary, "auth-user", "default")
	answer = r.do(again, say)
	r.want(answer, admin.Done, true, true, true)
	r.shows("other", "down-after-milliseconds", "4321")
	r.shows("other", "failover-timeout", "10000")
	r.shows("other", "parallel-syncs", "2")
	r.shows("other", "quorum", "3")
	if len(answer.Findings) != 0 {
		t.Errorf("all settings were given, and it warns: %s", inJSON(t, answer.Findings))
	}
	all += inJSON(t, answer)
	again.Settings = nil
	r.want(r.do(again, nil), admin.Done, false, false, false)
	again.Quorum = 2
	r.want(r.do(again, nil), admin.Failed, false, false, false)

	for i := range r.Sentinels {
		file := filepath.Join(r.Sentinels[i].Dir(), "sentinel.conf")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	r.want(r.do(admin.Operation{Action: admin.FlushConfig}, say), admin.Done, true, true, true)
	for i := range r.Sentinels {
		if !strings.Contains(r.config(i), "sentinel monitor other ") {
			t.Errorf("Sentinel %d has not written its file", i)
		}
	}
	if strings.Contains(all+told.String(), canary) {
		t.Errorf("the password is told:\n%s\n%s", all, &told)
	}
}

// TestDownInTheMiddle: the second of three Sentinels dies when the first has done
// it. The answer says who has it, and doing it again completes it.
func TestDownInTheMiddle(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Masters: []string{name, "other"}, Replicas: sentineltest.None})
	addr := r.Masters[1].Node.Addr()
	for _, test := range []struct {
		op    admin.Operation
		first []bool // which change something at first, and
		then  []bool // when the Sentinel is back
		field string
		want  string
	}{
		{admin.Operation{Action: admin.Set, Master: "other", Settings: set("parallel-syncs", 5)}, []bool{true, false, true}, []bool{true, true, true}, "parallel-syncs", "5"},
		{admin.Operation{Action: admin.Remove, Master: "other"}, []bool{true, false, true}, []bool{false, true, false}, "ip", ""},
		{admin.Operation{Action: admin.Monitor, Master: "other", Address: addr, Quorum: 2}, []bool{true, false, true}, []bool{false, true, false}, "quorum", "2"},
		{admin.Operation{Action: admin.FlushConfig}, []bool{true, false, true}, []bool{true, true, true}, "quorum", "2"},
	} {
		dead := r.Sentinels[1]
		answer := r.do(test.op, func(text string) {
			if text == r.Sentinels[0].Addr()+": ok" {
				dead.Kill()
			}
		})
		r.want(answer, admin.Partial, test.first...)
		if failed := answer.Results[1]; failed.OK || failed.Sentinel != dead.Addr() || !contains(failed.Error, "unreachable") {
			t.Errorf("%s: the dead Sentinel's result is %+v", test.op.Action, failed)
		}
		if err := dead.Restart(r.within(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		r.want(r.do(test.op, nil), admin.Done, test.then...)
		r.shows("other", test.field, test.want)
	}
}

// TestMonitorElsewhere: a name that one Sentinel still has at another address is given to none.
func TestMonitorElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Masters: []string{name}, Replicas: sentineltest.None, Proxied: true})
	elsewhere := admin.Operation{Action: admin.Monitor, Master: name, Address: "127.0.0.1:1", Quorum: 2}
	r.guarded(elsewhere, "monitored_elsewhere", r.Masters[0].Node.Addr()+": MONITOR publishes no +switch-master")
	for _, s := range r.Sentinels[1:] {
		r.cli(s.Node, "SENTINEL", "REMOVE", name)
	}
	r.guarded(elsewhere, "monitored_elsewhere", r.Sentinels[0].Proxy.Addr()+" monitors that name at "+r.Masters[0].Node.Addr())
	elsewhere.Force = true
	answer := r.do(elsewhere, nil)
	r.want(answer, admin.Partial, false, true, true)
	if got := answer.Results[0].Error; !contains(got, r.Masters[0].Node.Addr(), "REMOVE") {
		t.Errorf("it says %s", got)
	}
}

// TestRemovedElsewhere: what was removed at one address is not monitored at another one, whoever has removed it.
func TestRemovedElsewhere(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"by this exporter", "by another"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sentineltest.Config{Replicas: sentineltest.None, Proxied: true})
			old := r.Masters[0].Node.Addr()
			remove := admin.Operation{Action: admin.Remove, Master: name}
			if what == "by another" {
				var heard atomic.Int32
				ctx, end := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				wg.Go(func() {
					r.deployment.Events(ctx, func(u *sentinel.StreamUpdate) {
						r.operator.Hear(u)
						if u.Kind == sentinel.StreamUp || u.Event.Name == sentinel.EventUnmonitor {
							heard.Add(1)
						}
					})
				})
				sentineltest.WaitFor(t, "the streams", func() bool { return heard.Load() == 3 })
				other := admin.New(r.deployment, 2*time.Second)
				if _, err := other.Do(r.within(20*time.Second), remove, nil); err != nil {
					t.Fatal(err)
				}
				sentineltest.WaitFor(t, "the removals to be heard", func() bool { return heard.Load() == 6 })
				end()
				wg.Wait()
			} else {
				r.want(r.do(remove, nil), admin.Done, true, true, true)
			}
			elsewhere := admin.Operation{Action: admin.Monitor, Master: name, Address: "127.0.0.1:1", Quorum: 2}
			r.guarded(elsewhere, "removed_elsewhere", "was monitored at "+old)
			same := elsewhere
			same.Address = old
			r.want(r.do(same, nil), admin.Done, true, true, true)
			r.want(r.do(remove, nil), admin.Done, true, true, true)
			elsewhere.Force = true
			r.want(r.do(elsewhere, nil), admin.Done, true, true, true)
		})
	}
}

// TestFlushConfigSaysWhatIsNotLoaded: a file is written that the Sentinel will not read.
func TestFlushConfigSaysWhatIsNotLoaded(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Host: "localhost"})
	flush := admin.Operation{Action: admin.FlushConfig}
	if answer := r.do(flush, nil); len(answer.Findings) != 0 {
		t.Errorf("at first it says %s", inJSON(t, answer.Findings))
	}
	r.cli(r.Sentinels[1].Node, "SENTINEL", "CONFIG", "SET", "resolve-hostnames", "no")
	answer := r.do(flush, nil)
	r.want(answer, admin.Done, true, true, true)
	if f := answer.Findings; len(f) != 1 || f[0].Check != "sentinel_restart_fails" || f[0].Sentinel != r.Sentinels[1].Addr() {
		t.Errorf("it says %s", inJSON(t, f))
	}
	r.cli(r.Sentinels[1].Node, "SENTINEL", "CONFIG", "SET", "resolve-hostnames", "yes")
	if answer := r.do(flush, nil); len(answer.Findings) != 0 {
		t.Errorf("mended, it says %s", inJSON(t, answer.Findings))
	}
}
