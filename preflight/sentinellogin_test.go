package preflight_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestSentinelLogin: the connections that there are hide that none could be made. A failover closes them.
func TestSentinelLogin(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		rules []string
		words string
		flag  string // of the new master then, according to a Sentinel
	}{
		"another password": {[]string{"resetpass", ">canary-other"}, "has another password", "s_down"},
		"off":              {[]string{"off"}, "turned off", "s_down"},
		"deaf":             {[]string{"-subscribe"}, "refuses SUBSCRIBE __sentinel__:hello (", "disconnected"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if !serverVersion(t).AtLeast(7, 0) {
				return // TestWithoutDryRun
			}
			r := newRig(t, sentineltest.Config{
				Replicas: 1, FailoverTimeout: 2 * time.Second, MasterPassword: "canary-master", NodeConf: []string{saves, watcher},
				SentinelConf: []string{"sentinel auth-user mymaster watcher", "sentinel auth-pass mymaster watch"},
			})
			heir := r.Masters[0].Replicas[0]
			sentineltest.WaitFor(t, "all to be clear at first", func() bool { return r.assess().Status == health.OK })
			r.cli(heir, "ACL", "SETUSER", "watcher", ">canary-next")
			if report := r.assess(); report.Status != health.OK {
				t.Errorf("with one password more: %+v", report)
			}
			r.cli(heir, slices.Concat([]string{"ACL", "SETUSER", "watcher"}, test.rules)...)
			r.finds("sentinel_login", heir, health.Critical, test.words)
			r.cli(r.Sentinels[0].Node, "SENTINEL", "FAILOVER", name)
			sentineltest.WaitFor(t, "it to be promoted", func() bool { replica, _ := linked(t.Context(), heir); return !replica })
			sentineltest.WaitFor(t, "a Sentinel not to come back to it", func() bool {
				return slices.ContainsFunc(r.Sentinels, func(s *sentineltest.Sentinel) bool {
					row, err := s.Row(t.Context(), "SENTINEL", "MASTER", name)
					return err == nil && row.Get("port") == strconv.Itoa(heir.Port()) && strings.Contains(row.Get("flags"), test.flag)
				})
			})
		})
	}
}

// TestSentinelLoginAnyway: who is not let in as another one goes on as a default user without a password.
func TestSentinelLoginAnyway(t *testing.T) {
	t.Parallel()
	if !serverVersion(t).AtLeast(7, 0) {
		return // TestWithoutDryRun
	}
	r := newWatchedRig(t)
	heir := r.Masters[0].Replicas[0]
	isClear := func() bool { return r.assess().Status == health.OK }
	sentineltest.WaitFor(t, "all to be clear at first", isClear)
	r.cli(heir, "ACL", "SETUSER", "watcher", "resetpass", ">canary-other")
	if !isClear() {
		t.Errorf("got %+v", r.assess())
	}
	if !r.failover() {
		t.Error("the failover did not succeed")
	}
	sentineltest.WaitFor(t, "a Sentinel to be there as the default user, and all to go on", func() bool {
		list := r.cli(heir, "CLIENT", "LIST")
		return strings.Contains(list, "-pubsub") && strings.Contains(list, "user=default") && !slices.ContainsFunc(r.MasterField(t.Context(), name, "flags"), func(flags string) bool { return flags != "master" })
	})
}

// TestSentinelLoginElsewhere: a node that lets all in does not tell as whom the Sentinels log in to the others.
func TestSentinelLoginElsewhere(t *testing.T) {
	t.Parallel()
	if !serverVersion(t).AtLeast(7, 0) {
		return // TestWithoutDryRun
	}
	r := newWatchedRig(t)
	master, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
	sentineltest.WaitFor(t, "all to be clear at first", func() bool { return r.assess().Status == health.OK })
	r.cli(heir, "ACL", "DELUSER", "watcher")
	sentineltest.WaitFor(t, "the Sentinels to be there as the default user", func() bool {
		list := r.cli(heir, "CLIENT", "LIST")
		return strings.Count(list, "-pubsub") == len(r.Sentinels) && !strings.Contains(list, "user=watcher")
	})
	r.cli(master, "ACL", "SETUSER", "admin", "on", ">canary-admin", "+@all", "~*", "&*")
	r.cli(master, "ACL", "SETUSER", "default", "off")
	report := r.assess()
	r.cli(master, "--user", "admin", "-a", "canary-admin", "ACL", "SETUSER", "default", "on")
	for _, f := range report.Findings {
		if f.Check == "sentinel_login" {
			t.Errorf("got %+v", f)
		}
	}
}

// TestChannelRefused: without the channel the Sentinels are cut off at once, and with them the only way to see as whom they come.
func TestChannelRefused(t *testing.T) {
	t.Parallel()
	if !serverVersion(t).AtLeast(7, 0) {
		return
	}
	r := newWatchedRig(t)
	heir := r.Masters[0].Replicas[0]
	sentineltest.WaitFor(t, "all to be clear at first", func() bool { return r.assess().Status == health.OK })
	r.cli(heir, "ACL", "SETUSER", "watcher", "resetchannels")
	sentineltest.WaitFor(t, "the Sentinels to be seen to be gone", func() bool {
		return slices.ContainsFunc(r.assess().Checks, func(c health.Result) bool {
			return c.Check == "sentinel_connections" && c.Status == health.Unknown && strings.Contains(c.Reason, heir.Addr()+" lists no connection of the Sentinel") && strings.Contains(c.Reason, "the channel __sentinel__:hello")
		})
	})
	sentineltest.WaitFor(t, "no replica to be good enough", func() bool {
		_, err := r.Sentinels[0].CLI(t.Context(), "SENTINEL", "FAILOVER", name)
		return err != nil && strings.Contains(err.Error(), "NOGOODSLAVE")
	})
}
