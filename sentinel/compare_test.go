package sentinel_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/sentinel"
)

// drift is how much an age may differ between two replies asked for one after
// the other on a busy machine.
const drift = 2 * time.Second

// A comparer holds what was read against redis-cli's fields, and knows in the
// end which of them nobody asked about.
type comparer struct {
	t    *testing.T
	want map[string]string
	seen map[string]bool
}

func (c *comparer) text(field, got string) {
	c.t.Helper()
	c.seen[field] = true
	if want := c.want[field]; got != want {
		c.t.Errorf("%s is %q, redis-cli says %q", field, got, want)
	}
}

func (c *comparer) number(field string, got sentinel.Number) {
	c.t.Helper()
	_, present := c.want[field]
	if present != got.Present {
		c.t.Errorf("%s is present: %v, for redis-cli: %v", field, got.Present, present)
	}
	if present {
		c.text(field, strconv.FormatInt(got.Value, 10))
	}
}

func (c *comparer) setting(field string, got sentinel.Duration) {
	c.t.Helper()
	c.number(field, sentinel.Number{Value: got.Value.Milliseconds(), Present: got.Present})
}

func (c *comparer) age(field string, got sentinel.Duration) {
	c.t.Helper()
	c.seen[field] = true
	text, present := c.want[field]
	if present != got.Present {
		c.t.Errorf("%s is present: %v, for redis-cli: %v", field, got.Present, present)
	}
	if !present {
		return
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		c.t.Fatal(err)
	}
	if want := time.Duration(ms) * time.Millisecond; (got.Value - want).Abs() > drift {
		c.t.Errorf("%s is %v, redis-cli says %v", field, got.Value, want)
	}
}

// all fails for a field of redis-cli that was compared with nothing.
func (c *comparer) all() {
	c.t.Helper()
	for field := range c.want {
		if !c.seen[field] {
			c.t.Errorf("the field %s was compared with nothing", field)
		}
	}
}

func (c *comparer) instance(in *sentinel.Instance) {
	c.t.Helper()
	c.text("name", in.Name)
	c.text("ip", in.Host)
	c.text("port", in.Port)
	c.text("runid", in.RunID)
	words := strings.Split(c.want["flags"], ",")
	if got := strings.Split(in.Flags.String(), ","); !slices.Equal(got, words) || len(in.UnknownFlags) > 0 {
		c.t.Errorf("flags are %v and %v, redis-cli says %v", got, in.UnknownFlags, words)
	}
	c.seen["flags"], c.seen["link-pending-commands"] = true, true // the latter differs from one moment to the next
	if in.LinkPendingCommands.Value > 10 || !in.LinkPendingCommands.Present {
		c.t.Errorf("link-pending-commands is %v", in.LinkPendingCommands)
	}
	c.number("link-refcount", in.LinkRefcount)
	c.age("last-ping-sent", in.LastPingSent)
	c.age("last-ok-ping-reply", in.LastOKPingReply)
	c.age("last-ping-reply", in.LastPingReply)
	c.age("s-down-time", in.SDownTime)
	c.setting("down-after-milliseconds", in.DownAfter)
	if in.Unknown != nil {
		c.t.Errorf("unknown fields: %v", in.Unknown)
	}
}

func compareMaster(t *testing.T, want map[string]string, m *sentinel.Master) {
	t.Helper()
	c := &comparer{t, want, map[string]bool{}}
	c.instance(&m.Instance)
	c.age("o-down-time", m.ODownTime)
	c.age("info-refresh", m.InfoRefresh)
	c.text("role-reported", m.RoleReported)
	c.age("role-reported-time", m.RoleReportedTime)
	c.number("config-epoch", m.ConfigEpoch)
	c.number("num-slaves", m.NumReplicas)
	c.number("num-other-sentinels", m.NumOtherSentinels)
	c.number("quorum", m.Quorum)
	c.setting("failover-timeout", m.FailoverTimeout)
	c.number("parallel-syncs", m.ParallelSyncs)
	c.all()
}

func compareReplica(t *testing.T, want map[string]string, r *sentinel.Replica) {
	t.Helper()
	c := &comparer{t, want, map[string]bool{}}
	c.instance(&r.Instance)
	c.age("info-refresh", r.InfoRefresh)
	c.text("role-reported", r.RoleReported)
	c.age("role-reported-time", r.RoleReportedTime)
	c.age("master-link-down-time", r.MasterLinkDownTime)
	c.text("master-link-status", map[bool]string{true: "ok", false: "err"}[r.MasterLinkUp])
	c.text("master-host", r.MasterHost)
	c.text("master-port", r.MasterPort)
	c.number("slave-priority", r.Priority)
	if c.want["replica-announced"] != "" { // not before 6.2
		c.text("replica-announced", "1")
	}
	c.seen["slave-repl-offset"] = true // grows from one moment to the next
	if offset, err := strconv.ParseInt(want["slave-repl-offset"], 10, 64); err != nil || offset < r.ReplOffset.Value || r.ReplOffset.Value == 0 {
		t.Errorf("slave-repl-offset is %v, redis-cli says %d later", r.ReplOffset, offset)
	}
	c.all()
}

func comparePeer(t *testing.T, want map[string]string, p *sentinel.Peer) {
	t.Helper()
	c := &comparer{t, want, map[string]bool{}}
	c.instance(&p.Instance)
	c.age("last-hello-message", p.LastHello)
	c.text("voted-leader", p.VotedLeader)
	c.number("voted-leader-epoch", p.VotedLeaderEpoch)
	c.all()
}
