package health

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"redis_sentinel_exporter/sentinel"
)

const (
	masterAddr  = "10.0.0.10:6379"
	replicaOne  = "10.0.0.11:6379"
	replicaTwo  = "10.0.0.12:6379"
	elsewhere   = "10.0.0.66:6379"
	sentinelOne = "10.0.0.1:26379"
)

func ms(n int64) sentinel.Duration { return sentinel.Some(time.Duration(n) * time.Millisecond) }

func num(n int64) sentinel.Number { return sentinel.Some(n) }

func sentinelAddr(i int) string { return fmt.Sprintf("10.0.0.%d:26379", i+1) }

func sentinelID(i int) string { return fmt.Sprintf("%040d", i+1) }

func instance(addr, runID string, flags sentinel.Flags) sentinel.Instance {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		panic(err)
	}
	return sentinel.Instance{
		Name: addr, Host: host, Port: port, Addr: addr, RunID: runID, Flags: flags,
		LastOKPingReply: ms(880), LastPingReply: ms(880), LastPingSent: ms(0), DownAfter: ms(30_000),
	}
}

// healthy is three Sentinels with one master and two replicas, with the fields
// of real replies of Redis 7.0.15.
func healthy() []*sentinel.Snapshot {
	snapshots := make([]*sentinel.Snapshot, 3)
	for i := range snapshots {
		snapshots[i] = healthySentinel(i, len(snapshots))
	}
	return snapshots
}

func healthySentinel(i, of int) *sentinel.Snapshot {
	s := &sentinel.Snapshot{
		Sentinel: sentinelAddr(i), ID: sentinelID(i), Started: time.Unix(1_700_000_000, 0), Duration: 4 * time.Millisecond,
		Info: &sentinel.Info{
			Version: "7.0.15", Product: "redis", RunID: fmt.Sprintf("%040x", 0xabc+i), Uptime: ms(3600_000),
			Masters: num(1), Tilt: sentinel.Some(false), ScriptsQueueLength: num(0), SimulateFailureFlags: num(0),
			ConnectedClients: num(5), MaxClients: num(10000),
		},
		Masters: []sentinel.Master{healthyMaster()},
	}
	for k := range of {
		if k == i {
			continue
		}
		p := sentinel.Peer{Instance: instance(sentinelAddr(k), sentinelID(k), sentinel.FlagSentinel), LastHello: ms(1504), VotedLeader: "?"}
		p.Name = sentinelID(k)
		s.Masters[0].Peers = append(s.Masters[0].Peers, p)
	}
	s.Masters[0].NumOtherSentinels = num(int64(of - 1))
	s.Masters[0].CKQuorum = &sentinel.CKQuorum{Usable: int64(of), QuorumReachable: true, MajorityReachable: true}
	return s
}

func healthyMaster() sentinel.Master {
	m := sentinel.Master{
		Instance:    instance(masterAddr, "0b996a27d2e593804f02b9b38e9fb298cb6443f9", sentinel.FlagMaster),
		InfoRefresh: ms(3771), RoleReported: "master", RoleReportedTime: ms(3_590_870),
		ConfigEpoch: num(4), NumReplicas: num(2), Quorum: num(2),
		FailoverTimeout: ms(180_000), ParallelSyncs: num(1),
		Replicas: []sentinel.Replica{
			healthyReplica(replicaOne, "607db6430f945993212be6ef7c973aecdd0c5968"),
			healthyReplica(replicaTwo, "707db6430f945993212be6ef7c973aecdd0c5968"),
		},
	}
	m.Name = "mymaster"
	return m
}

func healthyReplica(addr, runID string) sentinel.Replica {
	return sentinel.Replica{
		Instance:    instance(addr, runID, sentinel.FlagReplica),
		InfoRefresh: ms(9660), RoleReported: "slave", RoleReportedTime: ms(3_590_894),
		MasterLinkDownTime: ms(0), MasterLinkUp: true, MasterHost: "10.0.0.10", MasterPort: "6379",
		Priority: num(100), ReplOffset: num(2472),
	}
}

// silent is the snapshot of a Sentinel that did not answer.
func silent(i int, reason sentinel.Reason, text string) *sentinel.Snapshot {
	s := &sentinel.Snapshot{Sentinel: sentinelAddr(i), Started: time.Unix(1_700_000_000, 0), Duration: time.Second}
	err := &sentinel.Error{Sentinel: s.Sentinel, Command: "SENTINEL MASTERS", Reason: reason, Err: errors.New(text)}
	s.Err = err
	for _, c := range sentinel.Commands() {
		s.Failures = append(s.Failures, sentinel.Failure{Command: c, Err: err})
	}
	return s
}

// each changes the master in every Sentinel's view.
func each(change func(*sentinel.Master)) func([]*sentinel.Snapshot) {
	return func(all []*sentinel.Snapshot) {
		for _, s := range all {
			change(&s.Masters[0])
		}
	}
}

// at changes it in one Sentinel's view.
func at(i int, change func(*sentinel.Master)) func([]*sentinel.Snapshot) {
	return func(all []*sentinel.Snapshot) { change(&all[i].Masters[0]) }
}

// hosts moves all that is on a host to another one; the port tells of the old one.
func hosts(to func(string) string) func([]*sentinel.Snapshot) {
	return func(all []*sentinel.Snapshot) {
		move := func(in *sentinel.Instance) {
			host := to(in.Host)
			if host != in.Host {
				in.Port = in.Port[:2] + in.Host[strings.LastIndex(in.Host, ".")+1:]
			}
			in.Host, in.Addr = host, net.JoinHostPort(host, in.Port)
		}
		for _, s := range all {
			own := instance(s.Sentinel, "", 0)
			move(&own)
			s.Sentinel = own.Addr
			for i := range s.Masters {
				m := &s.Masters[i]
				move(&m.Instance)
				for k := range m.Replicas {
					move(&m.Replicas[k].Instance)
					m.Replicas[k].MasterHost, m.Replicas[k].MasterPort = m.Host, m.Port
				}
				for k := range m.Peers {
					move(&m.Peers[k].Instance)
				}
			}
		}
	}
}

// info changes what one Sentinel says of itself.
func info(i int, change func(*sentinel.Info)) func([]*sentinel.Snapshot) {
	return func(all []*sentinel.Snapshot) { change(all[i].Info) }
}

// both makes several changes.
func both(changes ...func([]*sentinel.Snapshot)) func([]*sentinel.Snapshot) {
	return func(all []*sentinel.Snapshot) {
		for _, change := range changes {
			change(all)
		}
	}
}

func replace(i int, with *sentinel.Snapshot) func([]*sentinel.Snapshot) {
	return func(all []*sentinel.Snapshot) { all[i] = with }
}

func tilted(i int) func([]*sentinel.Snapshot) {
	return info(i, func(s *sentinel.Info) { s.Tilt, s.TiltSince = sentinel.Some(true), ms(12_000) })
}

func replicaDead(r *sentinel.Replica, age int64) {
	r.Flags |= sentinel.FlagSDown | sentinel.FlagDisconnected
	r.SDownTime, r.LastOKPingReply, r.LastPingReply = ms(age), ms(age+30_000), ms(age+30_000)
}

// unreachedReplica has been announced at an address at which no Sentinel has had an answer.
func unreachedReplica(r *sentinel.Replica, age int64) {
	replicaDead(r, age)
	r.RunID, r.InfoRefresh = "", ms(0)
}

// pingRefused is a master whose INFO is older than its last good reply to PING.
func pingRefused(m *sentinel.Master) {
	m.LastOKPingReply, m.LastPingReply, m.InfoRefresh = ms(42_000), ms(842), ms(45_000)
}

// replicaRefuses is a replica that Sentinel has considered down for long.
func replicaRefuses(m *sentinel.Master) {
	r := &m.Replicas[0]
	r.Flags |= sentinel.FlagSDown
	r.SDownTime, r.LastOKPingReply, r.LastPingReply, r.InfoRefresh = ms(400_000), ms(430_000), ms(300), ms(430_000)
}

// overdue is a master that should have been replaced long ago, with replicas that say so.
func overdue(m *sentinel.Master) {
	down(m)
	m.ODownTime = ms(200_000)
	m.Replicas[0].InfoRefresh, m.Replicas[1].InfoRefresh = ms(900), ms(900)
}

// neverSynced is a replica that has had no link yet, as Redis 6.2 and later show it.
func neverSynced(r *sentinel.Replica) {
	r.MasterLinkUp, r.MasterLinkDownTime, r.ReplOffset = false, sentinel.Duration{}, num(1)
}

func down(m *sentinel.Master) {
	m.Flags |= sentinel.FlagSDown | sentinel.FlagODown
	m.SDownTime, m.ODownTime = ms(12_000), ms(11_000)
}

// infoOfMaster gives the Sentinel an INFO of the master.
func infoOfMaster(m *sentinel.Master, change func(*sentinel.CachedInfo)) {
	info := sentinel.CachedInfo{Age: m.InfoRefresh, RunID: m.RunID, Role: "master", Uptime: ms(3600_000)}
	change(&info)
	m.Cache = append(m.Cache, info)
}

// wanting is a master that wants replicas in step, and has none.
func wanting(m *sentinel.Master) {
	infoOfMaster(m, func(info *sentinel.CachedInfo) { info.GoodReplicas = num(0) })
}

// attached is a master that lists replicas at these addresses.
func attached(m *sentinel.Master, addrs ...string) {
	infoOfMaster(m, func(info *sentinel.CachedInfo) {
		for _, addr := range addrs {
			info.Attached = append(info.Attached, sentinel.AttachedReplica{Addr: addr, Online: true, Lag: ms(1000)})
		}
	})
}

// full is a master that uses more memory than it may.
func full(m *sentinel.Master, policy string, expiring int64) {
	infoOfMaster(m, func(info *sentinel.CachedInfo) {
		info.UsedMemory, info.MaxMemory, info.MaxMemoryPolicy, info.Expiring = num(5<<20), num(2<<20), policy, expiring
	})
}

// follower is a master that has just been made a replica of a node.
func follower(m *sentinel.Master, of string) {
	m.RoleReported, m.RoleReportedTime = "slave", ms(300)
	infoOfMaster(m, func(info *sentinel.CachedInfo) { info.Role, info.MasterAddr = "slave", of })
}

// parted has each Sentinel monitor a master of its own, with so many keys, and know no other.
func parted(keys ...int64) func([]*sentinel.Snapshot) {
	return func(all []*sentinel.Snapshot) {
		for i, s := range all {
			m := &s.Masters[0]
			m.Instance = instance(fmt.Sprintf("10.0.0.%d:6379", 50+i), fmt.Sprintf("%040x", 50+i), sentinel.FlagMaster)
			m.Name = "mymaster"
			m.Replicas, m.NumReplicas, m.Peers, m.NumOtherSentinels = nil, num(0), nil, num(0)
			m.CKQuorum = &sentinel.CKQuorum{Usable: 1, MajorityReachable: true}
			infoOfMaster(m, func(info *sentinel.CachedInfo) { info.Keys = keys[i] })
		}
	}
}

// balanced has the master's address lead two of the Sentinels to the first replica, which has run for that long.
func balanced(uptime int64) func([]*sentinel.Snapshot) {
	return func(all []*sentinel.Snapshot) {
		for i, s := range all {
			m := &s.Masters[0]
			if i > 0 {
				m.RunID, m.RoleReported, m.RoleReportedTime = m.Replicas[0].RunID, "slave", ms(20_000)
				m.Replicas, m.NumReplicas = nil, num(0)
			}
			infoOfMaster(m, func(info *sentinel.CachedInfo) { info.Age = ms(8000) })
			if i > 0 {
				m.Cache[0].Age, m.Cache[0].Role, m.Cache[0].Uptime = ms(1000), "slave", ms(uptime)
			}
		}
	}
}

// masterLoads is a master that has been loading since its start.
func masterLoads(m *sentinel.Master, seconds int64) {
	infoOfMaster(m, func(info *sentinel.CachedInfo) {
		info.Loading, info.LoadedPercent, info.Uptime = true, sentinel.Some(37.12), ms(1000*seconds)
	})
}

// replicaLoads is a replica that loads, without a link for that long.
func replicaLoads(m *sentinel.Master, since int64) {
	r := &m.Replicas[0]
	r.MasterLinkUp, r.MasterLinkDownTime = false, ms(since)
	m.Cache = append(m.Cache, sentinel.CachedInfo{Age: r.InfoRefresh, RunID: r.RunID, Role: "slave", Loading: true, LoadedPercent: sentinel.Some(37.12)})
}

// oldMasterLoads is one that has come back, and cannot be made a replica yet.
func oldMasterLoads(m *sentinel.Master, since int64) {
	r := &m.Replicas[1]
	r.RoleReported, r.RoleReportedTime, r.MasterLinkUp = "master", ms(since), false
	m.Cache = append(m.Cache, sentinel.CachedInfo{Age: r.InfoRefresh, RunID: r.RunID, Role: "master", Loading: true})
}
