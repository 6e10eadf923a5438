package collector

import (
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// Ids as Sentinel has them: 40 hex digits.
const (
	idOne      = "1111111111111111111111111111111111111111"
	idTwo      = "2222222222222222222222222222222222222222"
	idThree    = "3333333333333333333333333333333333333333"
	runMaster  = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	runReplica = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	runReserve = "cccccccccccccccccccccccccccccccccccccccc"
)

func ms(n int64) sentinel.Duration { return sentinel.Some(time.Duration(n) * time.Millisecond) }

func num(n int64) sentinel.Number { return sentinel.Some(n) }

func instance(addr, runID string, flags sentinel.Flags) sentinel.Instance {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		panic(err)
	}
	return sentinel.Instance{Name: addr, Host: host, Port: port, Addr: addr, RunID: runID, Flags: flags}
}

// healthy is one of three Sentinels with one master and two replicas, of which
// one must not be promoted. No two ages are alike, so that no metric can show
// another one's.
func healthy() *sentinel.Snapshot {
	return &sentinel.Snapshot{
		Sentinel: "10.0.0.1:26379",
		Duration: 4 * time.Millisecond,
		ID:       idOne,
		Info: &sentinel.Info{
			Version: "8.2.1", Product: "redis", Uptime: ms(3600_000),
			Masters: num(1), Tilt: sentinel.Some(false), TotalTilt: num(3),
			RunningScripts: num(1), ScriptsQueueLength: num(2), SimulateFailureFlags: num(0),
			ConnectedClients: num(5), MaxClients: num(10000), RejectedConnections: num(6),
			TotalConnections: num(700), TotalCommands: num(80000),
			CPU: []sentinel.CPUTime{{Mode: "sys", Seconds: 1.5}, {Mode: "user", Seconds: 2.25}},
		},
		Masters: []sentinel.Master{healthyMaster()},
	}
}

func healthyMaster() sentinel.Master {
	m := sentinel.Master{
		Instance:    instance("10.0.0.10:6379", runMaster, sentinel.FlagMaster),
		InfoRefresh: ms(3771), RoleReported: "master", RoleReportedTime: ms(23870),
		ConfigEpoch: num(4), NumReplicas: num(2), NumOtherSentinels: num(2), Quorum: num(2),
		FailoverTimeout: ms(180_000), ParallelSyncs: num(1),
		Replicas: []sentinel.Replica{
			healthyReplica("10.0.0.11:6379", runReplica, 2472),
			healthyReplica("10.0.0.12:6379", runReserve, 2000),
		},
		Peers: []sentinel.Peer{
			healthyPeer("10.0.0.2:26379", idTwo),
			healthyPeer("10.0.0.3:26379", idThree),
		},
		CKQuorum: &sentinel.CKQuorum{Usable: 3, QuorumReachable: true, MajorityReachable: true},
	}
	m.Name = "mymaster"
	m.LinkPendingCommands, m.DownAfter = num(2), ms(30_000)
	m.LastPingSent, m.LastOKPingReply, m.LastPingReply = ms(17), ms(59), ms(58)
	m.Replicas[1].Priority = num(0)
	return m
}

func healthyReplica(addr, runID string, offset int64) sentinel.Replica {
	r := sentinel.Replica{
		Instance:    instance(addr, runID, sentinel.FlagReplica),
		InfoRefresh: ms(9660), RoleReported: "slave", RoleReportedTime: ms(23894),
		MasterLinkDownTime: ms(0), MasterLinkUp: true, MasterHost: "10.0.0.10", MasterPort: "6379",
		Priority: num(100), ReplOffset: num(offset),
	}
	r.LinkPendingCommands, r.DownAfter = num(1), ms(30_000)
	r.LastPingSent, r.LastOKPingReply, r.LastPingReply = ms(0), ms(880), ms(881)
	return r
}

func healthyPeer(addr, id string) sentinel.Peer {
	p := sentinel.Peer{
		Instance:  instance(addr, id, sentinel.FlagSentinel),
		LastHello: ms(1504), VotedLeader: "?", VotedLeaderEpoch: num(4),
	}
	p.Name = id
	p.LastPingSent, p.LastOKPingReply, p.LastPingReply = ms(0), ms(167), ms(168)
	return p
}

// with returns the healthy snapshot after a change to its master.
func with(change func(*sentinel.Master)) *sentinel.Snapshot {
	s := healthy()
	change(&s.Masters[0])
	return s
}

// failed is the snapshot of a Sentinel that did not answer as asked.
func failed(reason sentinel.Reason, commands ...sentinel.Command) *sentinel.Snapshot {
	s := &sentinel.Snapshot{Sentinel: "10.0.0.9:26379", Duration: 2 * time.Second}
	fail(s, reason, commands...)
	return s
}

func fail(s *sentinel.Snapshot, reason sentinel.Reason, commands ...sentinel.Command) {
	for _, c := range commands {
		err := &sentinel.Error{Sentinel: s.Sentinel, Command: strings.ToUpper(c.String()), Reason: reason, Err: errors.New("no")}
		s.Failures = append(s.Failures, sentinel.Failure{Command: c, Err: err})
		s.ErrorTotals[c][reason]++
		if c == sentinel.CommandMasters {
			s.Err = err
		}
	}
}

// text is what a collector writes of snapshots and the report on them.
func text(t testing.TB, c *Collector, snapshots []*sentinel.Snapshot) string {
	t.Helper()
	var b strings.Builder
	report := health.Assess(snapshots, nil)
	if err := c.WriteText(&b, Page{Snapshots: snapshots, Report: &report}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// families is what Prometheus' own parser reads in it, by name.
func families(t testing.TB, c *Collector, snapshots []*sentinel.Snapshot) []*dto.MetricFamily {
	t.Helper()
	return read(t, text(t, c, snapshots))
}

func read(t testing.TB, text string) []*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	byName, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Collect(maps.Values(byName))
	slices.SortFunc(all, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return all
}
