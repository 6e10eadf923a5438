package health

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/sentinel"
)

// A checkCase is a change to the healthy deployment, and what one check shall
// say of it: the status, and each finding's severity and message.
type checkCase struct {
	check  string
	name   string
	change func([]*sentinel.Snapshot)
	status Status
	want   []string
}

func checkCases() []checkCase {
	dead := func(i int) func([]*sentinel.Snapshot) {
		return replace(i, silent(i, sentinel.ReasonUnreachable, "connection refused"))
	}
	fresh := func(m *sentinel.Master) { m.RoleReportedTime = ms(2000) }
	noquorum := func(m *sentinel.Master) {
		m.CKQuorum = &sentinel.CKQuorum{Usable: 1}
		for i := range m.Peers {
			m.Peers[i].Flags |= sentinel.FlagSDown
			m.Peers[i].SDownTime, m.Peers[i].LastHello = ms(40_000), ms(70_000)
		}
	}
	quorate := func(m *sentinel.Master) {
		m.CKQuorum = &sentinel.CKQuorum{Usable: 3, QuorumReachable: true, MajorityReachable: true}
	}
	failing := func(m *sentinel.Master) { m.Flags |= sentinel.FlagFailoverInProgress }
	coordinated := func(since time.Duration) func(*sentinel.Master) {
		return func(m *sentinel.Master) {
			m.Flags |= sentinel.FlagFailoverInProgress | sentinel.FlagCoordinatedFailover
			m.FailoverState = sentinel.FailoverWaitPromotion
			m.Replicas[0].Flags |= sentinel.FlagPromoted
			if since > 0 {
				m.Recent = []sentinel.RecentEvent{
					{Event: sentinel.Event{Name: sentinel.EventWaitPromotion}, Count: 1, First: since, Last: since},
					{Event: sentinel.Event{Name: sentinel.EventTryFailover}, Count: 1, First: since, Last: since},
				}
			}
		}
	}
	pausedBy := func(info sentinel.CachedInfo, silent int64) func(*sentinel.Master) {
		return func(m *sentinel.Master) {
			info.RunID, info.Role = m.RunID, sentinel.RoleMaster
			if !info.Age.Present {
				info.Age = ms(9000)
			}
			m.LastPingSent, m.Cache = ms(silent), []sentinel.CachedInfo{{RunID: "another node", Role: sentinel.RoleReplica, Age: ms(1000)}, info}
		}
	}
	disconnected := func(answered int64) func(*sentinel.Master) {
		return func(m *sentinel.Master) {
			for i := range m.Replicas {
				m.Replicas[i].Flags |= sentinel.FlagDisconnected
				m.Replicas[i].LastOKPingReply = ms(answered)
			}
		}
	}
	// emptied has a master that had 1000 keys and was restarted with fewer, and replicas that have followed it
	// since, or not yet.
	emptied := func(now, replicas int64, replid string, age time.Duration) func(*sentinel.Master) {
		return func(m *sentinel.Master) {
			m.Restart = &sentinel.Restart{KeysBefore: 1000}
			m.Cache = []sentinel.CachedInfo{{RunID: m.RunID, Role: sentinel.RoleMaster, ReplicationID: "new", Keys: now, Age: ms(3000), Uptime: sentinel.Some(age)}}
			for i := range m.Replicas {
				m.Cache = append(m.Cache, sentinel.CachedInfo{RunID: m.Replicas[i].RunID, Role: sentinel.RoleReplica, ReplicationID: replid, Keys: replicas, Age: ms(int64(4000 + 1000*i))})
			}
		}
	}
	// told has the first replica told to follow the master, some times, by that INFO of it which is so old.
	told := func(times int, ago, info int64) func(*sentinel.Master) {
		return func(m *sentinel.Master) {
			e := sentinel.Event{Name: sentinel.EventFixReplicaConfig, Kind: sentinel.RoleReplica, Address: replicaOne}
			m.Recent = []sentinel.RecentEvent{{Event: e, Count: times, First: 20 * time.Second, Last: time.Duration(ago) * time.Millisecond}}
			m.Replicas[0].InfoRefresh = ms(info)
		}
	}
	// reset has the Sentinel told some times to forget the master, one every 10 s, the last time so many seconds ago.
	reset := func(name string, times int, ago time.Duration) func(*sentinel.Master) {
		return func(m *sentinel.Master) {
			e := sentinel.Event{Name: name, Kind: sentinel.RoleMaster, Address: m.Addr}
			m.Recent = []sentinel.RecentEvent{{Event: e, Count: times, First: ago + time.Duration(times-1)*10*time.Second, Last: ago, Pause: 12 * time.Second}}
		}
	}
	moved := func(m *sentinel.Master) { m.Addr, m.Host, m.RunID = replicaOne, "10.0.0.11", "another process" }
	named := func(m *sentinel.Master) { m.Addr, m.Host = "redis-0:6379", "redis-0" }
	oldMaster := func(m *sentinel.Master) {
		m.Replicas[0].RoleReported, m.Replicas[0].RoleReportedTime = "master", ms(300)
	}
	ghost := func(m *sentinel.Master) {
		p := sentinel.Peer{Instance: instance("10.0.0.9:26379", sentinelID(8), sentinel.FlagSentinel|sentinel.FlagSDown|sentinel.FlagDisconnected)}
		p.SDownTime, p.LastHello = ms(400_000), ms(430_000)
		m.Peers = append(m.Peers, p)
		m.NumOtherSentinels = num(3)
	}
	// mute has the last of the other Sentinels answer, and announce nothing.
	mute := func(m *sentinel.Master) { m.Peers[1].LastHello = ms(35_000) }
	alone := func(m *sentinel.Master) { m.Flags |= sentinel.FlagSDown; m.SDownTime = ms(38_000) }
	stranger := func(m *sentinel.Master) {
		m.Peers, m.NumOtherSentinels = nil, num(0)
		m.CKQuorum = &sentinel.CKQuorum{Usable: 1, MajorityReachable: true}
	}
	uninformed := func(m *sentinel.Master) {
		m.RunID, m.InfoRefresh, m.Replicas, m.NumReplicas = "", ms(0), nil, num(0)
	}
	// crowd puts two Sentinels on the master's host.
	crowd := hosts(func(host string) string {
		if host == "10.0.0.10" || host == "10.0.0.2" {
			return "10.0.0.1"
		}
		return host
	})
	const dead38 = "critical: the master 10.0.0.10:6379 has been down for 38 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379), and no failover starts, since they do not agree on that (o_down): "
	return []checkCase{
		{"agreement_missing", "not asked or not given", each(alone), Critical, []string{
			dead38 + "they answer each other's PING, and not the question whether it is down (SENTINEL IS-MASTER-DOWN-BY-ADDR)"}},
		{"agreement_missing", "a quorum above the Sentinels", each(func(m *sentinel.Master) { alone(m); m.Quorum = num(4) }), Critical, []string{
			dead38 + "the quorum is 4, and there are only 3 Sentinels"}},
		{"agreement_missing", "they do not know each other", each(func(m *sentinel.Master) { alone(m); stranger(m) }), Critical, []string{
			dead38 + "2 must, and Sentinel 10.0.0.1:26379 sees 1 usable Sentinel"}},
		{"agreement_missing", "two names of one node", both(each(alone), at(2, func(m *sentinel.Master) { m.Addr = "redis-0:6379" })), Critical, []string{
			strings.Replace(dead38, "10.0.0.10:6379 has", "10.0.0.10:6379 and redis-0:6379 has", 1) +
				"each answers only for the address at which it monitors the master, and these differ"}},
		{"agreement_missing", "two of three, and the quorum is 3", both(each(func(m *sentinel.Master) { m.Quorum = num(3) }), at(0, alone), at(1, alone)), Critical, []string{
			"critical: the master 10.0.0.10:6379 has been down for 38 s, according to 2 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379), and no failover starts, since they do not agree on that (o_down): the quorum is 3"}},
		{"agreement_missing", "the last one that answers", both(dead(1), dead(2), at(0, func(m *sentinel.Master) { alone(m); noquorum(m) })), Critical, []string{
			"critical: the master 10.0.0.10:6379 has been down for 38 s, according to 1 of 1 Sentinel (10.0.0.1:26379), and no failover starts, since they do not agree on that (o_down): 2 must, and Sentinel 10.0.0.1:26379 sees 1 usable Sentinel"}},
		{"agreement_missing", "the only one that we can ask", both(dead(1), dead(2), at(0, alone)), OK, nil},
		{"agreement_missing", "a Sentinel is cut off from the master", at(1, alone), OK, nil},
		{"agreement_missing", "they are just asking each other", each(func(m *sentinel.Master) { alone(m); m.SDownTime = ms(9000) }), OK, nil},
		{"agreement_missing", "one has it", both(each(alone), at(1, down)), OK, nil},
		{"agreement_missing", "failed over by hand", both(each(alone), at(1, failing)), OK, nil},
		{"agreement_missing", "frozen flags", both(each(alone), tilted(0), tilted(1)), OK, nil},
		{"agreement_missing", "all in TILT", both(each(alone), tilted(0), tilted(1), tilted(2)), Unknown, nil},

		{"master_info_missing", "for all", each(uninformed), Critical, []string{
			"critical: the master 10.0.0.10:6379 answers PING and has never answered INFO, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379): from there they learn of its replicas, and without them no failover can succeed"}},
		{"master_info_missing", "for one", at(1, uninformed), Warning, []string{
			"warning: the master 10.0.0.10:6379 answers PING and has never answered INFO, according to 1 of 3 Sentinels (10.0.0.2:26379): from there they learn of its replicas"}},
		{"master_info_missing", "just started", each(func(m *sentinel.Master) { uninformed(m); fresh(m) }), OK, nil},
		{"master_info_missing", "down since the start", each(func(m *sentinel.Master) { uninformed(m); down(m) }), OK, nil},
		{"master_info_missing", "it hangs, and is not yet held to be down", each(func(m *sentinel.Master) { uninformed(m); m.LastOKPingReply = ms(16_000) }), OK, nil},
		{"no_promotable_replica", "just started, and the links are being established", each(func(m *sentinel.Master) {
			fresh(m)
			for i := range m.Replicas {
				m.Replicas[i].MasterLinkUp, m.Replicas[i].MasterLinkDownTime = false, ms(400_000)
			}
		}), Unknown, nil},
		{"no_promotable_replica", "no INFO that lists them", each(uninformed), Unknown, nil},

		{"master_reset_again", "every 10 s, and down-after is 30 s", at(1, reset("+reset-master", 4, 6*time.Second)), Critical, []string{
			"critical: Sentinel 10.0.0.2:26379 is told again and again to forget what is known of mymaster, 4 times in 36 s and at most 12 s apart (+reset-master), and knows no replica and no other Sentinel for some seconds each time. That is more often than down-after: it is never found that the master is down, and no failover can start"}},
		{"master_reset_again", "removed and monitored again, and down-after is shorter", each(func(m *sentinel.Master) {
			reset("+monitor", 3, time.Second)(m)
			m.DownAfter = ms(5000)
		}), Warning, []string{
			"warning: Sentinels 10.0.0.1:26379, 10.0.0.2:26379 and 10.0.0.3:26379 are told again and again to forget what is known of mymaster, 3 times in 21 s and at most 12 s apart (+monitor), and know no replica and no other Sentinel for some seconds each time"}},
		{"master_reset_again", "twice, by hand", each(reset("+reset-master", 2, time.Second)), OK, nil},
		{"master_reset_again", "it is over", each(reset("+reset-master", 40, 31*time.Second)), OK, nil},
		{"master_reset_again", "another event", each(reset("+sdown", 40, time.Second)), OK, nil},
		{"replicas_forgotten", "dead, and nobody has had its INFO", each(func(m *sentinel.Master) { uninformed(m); down(m) }), Critical, []string{
			"critical: the master 10.0.0.10:6379 is down, and the Sentinels know no replica of it: only the master could tell them, and it has not answered since they were RESET or began to monitor it: no failover will happen, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379)"}},
		{"replicas_forgotten", "dead, and one knows the replicas", both(each(func(m *sentinel.Master) { uninformed(m); down(m) }), at(1, func(m *sentinel.Master) {
			m.RunID, m.Replicas, m.NumReplicas = "its process", []sentinel.Replica{{Instance: instance(replicaOne, "r1", sentinel.FlagReplica)}}, num(1)
		})), OK, nil},
		{"replicas_forgotten", "dead, and it had no replica", each(func(m *sentinel.Master) { down(m); m.Replicas, m.NumReplicas = nil, num(0) }), OK, nil},
		{"replicas_forgotten", "up", each(uninformed), OK, nil},
		{"replicas_forgotten", "wrong auth-pass from the start", each(func(m *sentinel.Master) {
			uninformed(m)
			down(m)
			m.LastOKPingReply, m.LastPingReply = ms(65_656), ms(842)
		}), OK, nil},
		{"peers_unknown", "none knows another", each(stranger), Critical, []string{
			"critical: 10.0.0.1:26379, 10.0.0.2:26379 and 10.0.0.3:26379 answer and do not know each other: no failover can happen"}},
		{"peers_unknown", "and each suffices", each(func(m *sentinel.Master) {
			stranger(m)
			m.Quorum, m.CKQuorum.QuorumReachable = num(1), true
		}), Critical, []string{
			"critical: 10.0.0.1:26379, 10.0.0.2:26379 and 10.0.0.3:26379 answer and do not know each other: each fails over as it sees fit, so that there may be two masters"}},
		{"peers_unknown", "two of three", both(at(0, func(m *sentinel.Master) { m.Peers = m.Peers[:1] }), at(2, func(m *sentinel.Master) { m.Peers = m.Peers[1:] })), Warning, []string{
			"warning: Sentinels that answer do not know each other: 10.0.0.1:26379 does not know 10.0.0.3:26379, 10.0.0.3:26379 does not know 10.0.0.1:26379"}},
		{"peers_unknown", "just started", each(func(m *sentinel.Master) { stranger(m); fresh(m) }), OK, nil},
		{"peers_unknown", "one that has just started", both(at(2, stranger), at(2, fresh)), OK, nil},
		{"peers_unknown", "one that does not answer", both(dead(2), at(0, func(m *sentinel.Master) { m.Peers = m.Peers[:1] })), OK, nil},
		{"peers_unknown", "at another address", func(all []*sentinel.Snapshot) { all[1].Sentinel = "sentinel-1:26379" }, OK, nil},
		{"peers_unknown", "without an id, at another address", func(all []*sentinel.Snapshot) {
			all[1].Sentinel, all[0].ID, all[1].ID, all[2].ID = "sentinel-1:26379", "", "", ""
		}, OK, nil},
		{"peers_unknown", "without an id, at another address, and really", both(func(all []*sentinel.Snapshot) {
			all[1].Sentinel, all[0].ID, all[1].ID, all[2].ID = "sentinel-1:26379", "", "", ""
		}, at(0, func(m *sentinel.Master) { m.Peers = m.Peers[1:] })), Warning, []string{
			"warning: Sentinels that answer do not know each other: 10.0.0.1:26379 does not know sentinel-1:26379"}},
		{"peers_unknown", "SENTINELS refused", each(func(m *sentinel.Master) { m.Peers, m.PeersErr = nil, errors.New("NOPERM") }), Unknown, nil},

		{"sentinel_unreachable", "one", dead(1), Warning, []string{"warning: Sentinel 10.0.0.2:26379 did not answer: unreachable: connection refused"}},
		{"sentinel_unreachable", "a majority", both(dead(0), replace(1, silent(1, sentinel.ReasonTimeout, "late"))), Critical, []string{
			"critical: Sentinel 10.0.0.1:26379 did not answer: unreachable: connection refused; 2 of 3 Sentinels are unreachable",
			"critical: Sentinel 10.0.0.2:26379 did not answer: timeout: late; 2 of 3 Sentinels are unreachable",
		}},
		{"sentinel_unreachable", "no place for us", replace(2, silent(2, sentinel.ReasonOther, "ERR max number of clients reached")), Warning, []string{
			"warning: Sentinel 10.0.0.3:26379 refuses to answer: ERR max number of clients reached"}},
		{"sentinel_unreachable", "protected mode", replace(2, silent(2, sentinel.ReasonOther, "DENIED Redis is running in protected mode")), Warning, []string{
			"warning: Sentinel 10.0.0.3:26379 refuses to answer: DENIED Redis is running in protected mode"}},
		{"sentinel_unreachable", "in part", func(all []*sentinel.Snapshot) {
			all[0].Failures = silent(0, sentinel.ReasonTimeout, "late").Failures[3:4]
		}, Warning, []string{"warning: Sentinel 10.0.0.1:26379 answered only in part: SENTINEL MASTERS: timeout: late"}},
		{"sentinel_unreachable", "refused is not unreachable", replace(0, silent(0, sentinel.ReasonAuth, "WRONGPASS")), OK, nil},
		{"sentinel_auth", "password", replace(0, silent(0, sentinel.ReasonAuth, "WRONGPASS no")), Critical, []string{
			"critical: Sentinel 10.0.0.1:26379 refused us: SENTINEL MASTERS: auth: WRONGPASS no"}},
		{"sentinel_auth", "permission for one command", func(all []*sentinel.Snapshot) {
			all[0].Failures = silent(0, sentinel.ReasonPermission, "NOPERM no").Failures[:1]
		}, Critical, []string{"critical: Sentinel 10.0.0.1:26379 refused us: SENTINEL MASTERS: permission: NOPERM no"}},
		{"sentinel_auth", "no password to send", func(all []*sentinel.Snapshot) {
			all[1] = silent(1, sentinel.ReasonAuth, "")
			for _, f := range all[1].Failures { // all of them are one error
				f.Err.Err = fmt.Errorf("%w: open /secret: permission denied", sentinel.ErrNoCredentials)
			}
		}, Critical, []string{"critical: Sentinel 10.0.0.2:26379 was not asked: no credentials: open /secret: permission denied"}},
		{"sentinel_auth", "unreachable is not refused", dead(0), OK, nil},
		{"sentinel_restart_fails", "names", both(at(1, named), func(all []*sentinel.Snapshot) {
			for _, s := range all {
				s.ResolveHostnames = sentinel.Some(false)
			}
		}), Warning, []string{
			"warning: Sentinel 10.0.0.2:26379 would not start again: resolve-hostnames is no there, and its file has redis-0:6379 by name"}},
		{"sentinel_restart_fails", "names that are resolved", both(each(named), func(all []*sentinel.Snapshot) {
			all[0].ResolveHostnames = sentinel.Some(true)
		}), OK, nil},
		{"sentinel_restart_fails", "one replica twice", at(2, func(m *sentinel.Master) {
			m.Replicas[1].Instance = m.Replicas[0].Instance
			m.Replicas[1].Name = "redis-1:6379"
		}), Warning, []string{
			"warning: Sentinel 10.0.0.3:26379 would not start again: its file has the replica 10.0.0.11:6379 of mymaster twice"}},
		{"sentinel_id_duplicate", "copied", func(all []*sentinel.Snapshot) { all[2].ID = all[0].ID }, Critical, []string{
			"critical: Sentinels 10.0.0.1:26379 and 10.0.0.3:26379 have one id, 0000000000000000000000000000000000000001"}},
		{"sentinel_id_duplicate", "asked twice", func(all []*sentinel.Snapshot) {
			all[2].ID, all[2].Info.RunID = all[0].ID, all[0].Info.RunID
		}, Warning, []string{"warning: 10.0.0.1:26379 and 10.0.0.3:26379 are one Sentinel, asked twice"}},
		{"sentinel_id_duplicate", "before 6.2 there is none", func(all []*sentinel.Snapshot) { all[0].ID, all[1].ID, all[2].ID = "", "", "" }, OK, nil},
		{"sentinel_tilt", "one", tilted(1), Warning, []string{
			"warning: Sentinel 10.0.0.2:26379 is in TILT for 12 s: it fails nothing over, and what it says is down or up is frozen"}},
		{"sentinel_tilt", "no INFO", func(all []*sentinel.Snapshot) {
			for _, s := range all {
				s.Info = nil
			}
		}, Unknown, nil},
		{"sentinel_clients_near_limit", "91 %", info(0, func(i *sentinel.Info) { i.ConnectedClients, i.MaxClients = num(91), num(100) }), Warning, []string{
			"warning: Sentinel 10.0.0.1:26379 has 91 connections of the 100 that it allows"}},
		{"sentinel_clients_near_limit", "90 %", info(0, func(i *sentinel.Info) { i.ConnectedClients, i.MaxClients = num(90), num(100) }), OK, nil},
		{"sentinel_scripts_backlog", "129", info(0, func(i *sentinel.Info) { i.ScriptsQueueLength = num(129) }), Warning, []string{
			"warning: Sentinel 10.0.0.1:26379 has 129 scripts waiting or running; it drops some from 256 on"}},
		{"sentinel_scripts_backlog", "128", info(0, func(i *sentinel.Info) { i.ScriptsQueueLength = num(128) }), OK, nil},
		{"failure_simulation", "on", info(2, func(i *sentinel.Info) { i.SimulateFailureFlags = num(3) }), Warning, []string{
			"warning: Sentinel 10.0.0.3:26379 will crash in the next failover: simulate-failure flags are 3"}},
		{"no_masters", "one", func(all []*sentinel.Snapshot) { all[1].Masters = nil }, Warning, []string{"warning: Sentinel 10.0.0.2:26379 monitors no master"}},
		{"no_masters", "dead is not empty", dead(1), OK, nil},

		{"master_missing", "at one", func(all []*sentinel.Snapshot) { all[1].Masters = nil }, Critical, []string{
			"critical: Sentinel 10.0.0.2:26379 does not monitor it, 2 of 3 Sentinels do"}},
		{"master_missing", "at most of them", func(all []*sentinel.Snapshot) { all[1].Masters, all[2].Masters = nil, nil }, Critical, []string{
			"critical: Sentinel 10.0.0.2:26379 does not monitor it, 1 of 3 Sentinels does: no failover can happen",
			"critical: Sentinel 10.0.0.3:26379 does not monitor it, 1 of 3 Sentinels does: no failover can happen"}},
		{"master_missing", "at one of another deployment", func(all []*sentinel.Snapshot) { all[1].Masters[0].Name = "theirs" }, Critical, []string{
			"critical: Sentinel 10.0.0.2:26379 does not monitor it, 2 of 3 Sentinels do; it has no master in common with these"}},
		{"master_missing", "dead is not missing", dead(1), OK, nil},
		{"master_odown", "all", each(down), Critical, []string{
			"critical: the master 10.0.0.10:6379 has been objectively down (o_down) for 12 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379)"}},
		{"master_odown", "frozen flags", both(at(0, down), tilted(0)), OK, nil},
		{"master_odown", "all in TILT", both(each(down), tilted(0), tilted(1), tilted(2)), Unknown, nil},
		{"master_sdown", "one", at(1, func(m *sentinel.Master) { m.Flags |= sentinel.FlagSDown; m.SDownTime = ms(200_000) }), Warning, []string{
			"warning: the master 10.0.0.10:6379 has been down (s_down) for 3 min, according to 1 of 3 Sentinels (10.0.0.2:26379)"}},
		{"master_sdown", "only failed over by hand", at(1, func(m *sentinel.Master) {
			m.Flags |= sentinel.FlagSDown | sentinel.FlagFailoverInProgress | sentinel.FlagForceFailover
			m.SDownTime, m.LastOKPingReply = ms(2), ms(400)
		}), OK, nil},
		{"master_sdown", "failed over by hand since it is down", at(1, func(m *sentinel.Master) {
			m.Flags |= sentinel.FlagSDown | sentinel.FlagFailoverInProgress | sentinel.FlagForceFailover
			m.SDownTime, m.LastOKPingReply = ms(2000), ms(32_000)
		}), Warning, []string{
			"warning: the master 10.0.0.10:6379 has been down (s_down) for 2.0 s, according to 1 of 3 Sentinels (10.0.0.2:26379)"}},
		{"master_sdown", "all in TILT", both(tilted(0), tilted(1), tilted(2)), Unknown, nil},
		{"master_sdown", "all just started, nothing seen", both(each(func(m *sentinel.Master) { m.RunID = "" }), warm(0), warm(1), warm(2)), Unknown, nil},
		{"master_sdown", "all just started, and reached it", both(warm(0), warm(1), warm(2)), OK, nil},
		{"master_disagreement", "equal epochs", at(2, moved), Critical, []string{
			"critical: the Sentinels give clients 2 different masters: 10.0.0.10:6379 with epoch 4 (10.0.0.1:26379, 10.0.0.2:26379) and 10.0.0.11:6379 with epoch 4 (10.0.0.3:26379); the epochs are equal, so no Sentinel takes over what another says: this never heals by itself"}},
		{"master_disagreement", "equal epochs, one of them is a replica", at(2, func(m *sentinel.Master) { moved(m); m.RoleReported = "slave" }), Critical, []string{
			"critical: the Sentinels give clients 2 different masters: 10.0.0.10:6379 with epoch 4 (10.0.0.1:26379, 10.0.0.2:26379) and 10.0.0.11:6379 with epoch 4 (10.0.0.3:26379); the epochs are equal, so no Sentinel takes over what another says; but 10.0.0.11:6379 says that it is a replica, so that a failover may heal this"}},
		{"master_disagreement", "each its own, the last one with data", parted(0, 2, 900), Critical, []string{
			"critical: the Sentinels give clients 3 different masters: 10.0.0.52:6379 with epoch 4 and 900 keys (10.0.0.3:26379), 10.0.0.51:6379 with epoch 4 and 2 keys (10.0.0.2:26379) and 10.0.0.50:6379 with epoch 4 and 0 keys (10.0.0.1:26379); the epochs are equal, so no Sentinel takes over what another says: this never heals by itself"}},
		{"master_disagreement", "one address, several servers", balanced(3_000_000), Critical, []string{
			"critical: 10.0.0.10:6379, where the Sentinels monitor the master, is no single server: it leads 10.0.0.1:26379 to a master (run id 0b996a27) and 10.0.0.2:26379 and 10.0.0.3:26379 to a replica (run id 607db643)"}},
		{"master_disagreement", "one address, a process that was restarted since", balanced(5000), OK, nil},
		{"master_disagreement", "stale epoch", both(each(func(m *sentinel.Master) { m.ConfigEpoch = num(5) }),
			at(2, func(m *sentinel.Master) { moved(m); m.ConfigEpoch = num(4) })), Critical, []string{
			"critical: the Sentinels give clients 2 different masters: 10.0.0.10:6379 with epoch 5 (10.0.0.1:26379, 10.0.0.2:26379) and 10.0.0.11:6379 with epoch 4 (10.0.0.3:26379); the lower epoch is out of date"}},
		{"master_disagreement", "failing over", both(at(2, moved), at(0, failing)), OK, nil},
		{"master_disagreement", "the leader of a failover is stopped by TILT", both(at(2, moved), at(0, failing), tilted(0)), Critical, []string{
			"critical: the Sentinels give clients 2 different masters: 10.0.0.10:6379 with epoch 4 (10.0.0.1:26379, 10.0.0.2:26379) and 10.0.0.11:6379 with epoch 4 (10.0.0.3:26379); the epochs are equal, so no Sentinel takes over what another says: this never heals by itself"}},
		{"master_disagreement", "just switched", both(at(2, moved), at(2, fresh)), OK, nil},
		{"master_disagreement", "one node, by name and by address", at(2, named), Warning, []string{
			"warning: the Sentinels give clients one node under 2 addresses: 10.0.0.10:6379 (10.0.0.1:26379, 10.0.0.2:26379) and redis-0:6379 (10.0.0.3:26379); its run id is the same"}},
		{"master_disagreement", "one node, by two addresses", at(2, func(m *sentinel.Master) { m.Addr, m.Host = "[fd00::10]:6379", "fd00::10" }), Warning, []string{
			"warning: the Sentinels give clients one node under 2 addresses: 10.0.0.10:6379 (10.0.0.1:26379, 10.0.0.2:26379) and [fd00::10]:6379 (10.0.0.3:26379); its run id is the same"}},
		{"master_disagreement", "a name, and another node's address", at(2, func(m *sentinel.Master) { named(m); m.RunID = "another process" }), Critical, []string{
			"critical: the Sentinels give clients 2 different masters: 10.0.0.10:6379 with epoch 4 (10.0.0.1:26379, 10.0.0.2:26379) and redis-0:6379 with epoch 4 (10.0.0.3:26379); the epochs are equal, so no Sentinel takes over what another says: this never heals by itself"}},
		{"master_disagreement", "a name that nobody has had INFO of", at(2, func(m *sentinel.Master) { named(m); m.RunID = "" }), Unknown, nil},
		{"epoch_disagreement", "behind, by another name", at(1, func(m *sentinel.Master) { named(m); m.ConfigEpoch = num(3) }), Warning, []string{
			"warning: Sentinel 10.0.0.2:26379 has epoch 3 for the master redis-0:6379, others have 4: it has missed a failover"}},
		{"epoch_disagreement", "behind", at(1, func(m *sentinel.Master) { m.ConfigEpoch = num(3) }), Warning, []string{
			"warning: Sentinel 10.0.0.2:26379 has epoch 3 for the master 10.0.0.10:6379, others have 4: it has missed a failover"}},
		{"epoch_disagreement", "just started", at(1, func(m *sentinel.Master) { m.ConfigEpoch = num(3); fresh(m) }), OK, nil},
		{"master_role_mismatch", "at rest", at(0, func(m *sentinel.Master) { m.RoleReported, m.RoleReportedTime = "slave", ms(20_000) }), Critical, []string{
			"critical: 10.0.0.10:6379, the master according to Sentinel 10.0.0.1:26379, has said for 20 s that it is a replica"}},
		{"master_role_mismatch", "a Sentinel's port", at(0, func(m *sentinel.Master) {
			m.Addr, m.Host, m.Port = sentinelAddr(1), "10.0.0.2", "26379"
		}), Critical, []string{
			"critical: 10.0.0.2:26379, the master according to Sentinel 10.0.0.1:26379, is the address of a Sentinel"}},
		{"master_role_mismatch", "it follows a stranger", at(0, func(m *sentinel.Master) { follower(m, elsewhere); m.RoleReportedTime = ms(20_000) }), Critical, []string{
			"critical: 10.0.0.10:6379, the master according to Sentinel 10.0.0.1:26379, has said for 20 s that it is a replica; it follows 10.0.0.66:6379, which none of them knows"}},
		{"master_role_mismatch", "it follows a replica", at(0, func(m *sentinel.Master) { follower(m, replicaOne); m.RoleReportedTime = ms(20_000) }), Critical, []string{
			"critical: 10.0.0.10:6379, the master according to Sentinel 10.0.0.1:26379, has said for 20 s that it is a replica"}},
		{"no_named_master", "it follows a stranger", each(func(m *sentinel.Master) { follower(m, elsewhere) }), Critical, []string{
			"critical: no client can write: the Sentinels name 10.0.0.10:6379 as the master, and it says that it is a replica; it follows 10.0.0.66:6379, which none of them knows"}},
		{"master_role_mismatch", "fresh", at(0, func(m *sentinel.Master) { m.RoleReported, m.RoleReportedTime = "slave", ms(5_000) }), OK, nil},
		{"no_named_master", "two leaders, and the old master", both(each(oldMaster),
			each(func(m *sentinel.Master) { m.RoleReported, m.RoleReportedTime = "slave", ms(300) }),
			at(2, func(m *sentinel.Master) { m.Addr, m.Host = replicaTwo, "10.0.0.12" })), Critical, []string{
			"critical: no client can write: the Sentinels name 10.0.0.10:6379 and 10.0.0.12:6379 as the master, and each says that it is a replica; 10.0.0.11:6379, which none of them names, says that it is a master"}},
		{"no_named_master", "nobody is", each(func(m *sentinel.Master) { m.RoleReported, m.RoleReportedTime = "slave", ms(300) }), Critical, []string{
			"critical: no client can write: the Sentinels name 10.0.0.10:6379 as the master, and it says that it is a replica"}},
		{"no_named_master", "one of them names a master", both(each(func(m *sentinel.Master) { m.RoleReported = "slave" }),
			at(0, func(m *sentinel.Master) { moved(m); m.RoleReported = "master" })), OK, nil},
		{"no_named_master", "a failover of Valkey, in which the master steps down first", both(
			each(func(m *sentinel.Master) { m.RoleReported, m.RoleReportedTime = "slave", ms(50) }),
			at(0, func(m *sentinel.Master) {
				failing(m)
				m.FailoverState = sentinel.FailoverReconfReplicas
				m.Replicas[0].Flags |= sentinel.FlagPromoted
				m.Replicas[0].RoleReported, m.Replicas[0].RoleReportedTime = "master", ms(100)
			})), OK, nil},
		{"no_named_master", "one Sentinel that may have missed the switch", both(each(func(m *sentinel.Master) { m.RoleReported, m.RoleReportedTime = "slave", ms(300) }),
			dead(1), dead(2)), OK, nil},
		{"master_answers_errors", "wrong auth-pass", at(0, func(m *sentinel.Master) { m.LastOKPingReply, m.LastPingReply = ms(5656), ms(842) }), Critical, []string{
			"critical: the master 10.0.0.10:6379 answers Sentinel 10.0.0.1:26379 with errors: its last reply to PING is 0.8 s old, the last good one 5.7 s"}},
		{"master_answers_errors", "two Sentinels", each(func(m *sentinel.Master) {
			if len(m.Peers) > 0 && m.Peers[0].Addr == sentinelOne {
				m.LastOKPingReply, m.LastPingReply = ms(5656), ms(842)
			}
		}), Critical, []string{
			"critical: the master 10.0.0.10:6379 answers Sentinels 10.0.0.2:26379 and 10.0.0.3:26379 with errors: its last reply to PING is 0.8 s old, the last good one 5.7 s"}},
		{"master_answers_errors", "hung", at(0, func(m *sentinel.Master) { m.LastOKPingReply, m.LastPingReply = ms(5656), ms(5656) }), OK, nil},
		{"master_answers_errors", "all, and nothing is known", each(pingRefused), Critical, []string{
			"critical: the master 10.0.0.10:6379 answers Sentinels 10.0.0.1:26379, 10.0.0.2:26379 and 10.0.0.3:26379 with errors: its last reply to PING is 0.8 s old, the last good one 42 s; all see the same, so look at the node first"}},
		{"master_answers_errors", "a script", each(func(m *sentinel.Master) { pingRefused(m); m.Flags |= sentinel.FlagScriptKillSent }), Critical, []string{
			"critical: the master 10.0.0.10:6379 answers Sentinels 10.0.0.1:26379, 10.0.0.2:26379 and 10.0.0.3:26379 with errors: its last reply to PING is 0.8 s old, the last good one 42 s; it runs a script or function that does not end (BUSY), and SCRIPT KILL was sent to it"}},
		{"master_answers_errors", "INFO is answered", each(func(m *sentinel.Master) { pingRefused(m); m.InfoRefresh = ms(9000) }), Critical, []string{
			"critical: the master 10.0.0.10:6379 answers Sentinels 10.0.0.1:26379, 10.0.0.2:26379 and 10.0.0.3:26379 with errors: its last reply to PING is 0.8 s old, the last good one 42 s; it has answered INFO since: so it is not the password"}},
		{"master_answers_errors", "it has died since", each(func(m *sentinel.Master) { m.LastOKPingReply, m.LastPingReply = ms(95_656), ms(60_842) }), OK, nil},
		{"failover_stuck", "o_down for long", each(func(m *sentinel.Master) { down(m); m.ODownTime = ms(200_000) }), Critical, []string{
			"critical: the master 10.0.0.10:6379 has been objectively down for 3 min, longer than failover-timeout (3 min), and there is no new master, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379); failover state: none",
		}},
		{"failover_stuck", "nothing is missing", each(overdue), Critical, []string{
			"critical: the master 10.0.0.10:6379 has been objectively down for 3 min, longer than failover-timeout (3 min), and there is no new master, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379); failover state: none; neither a majority nor a replica to promote is missing: the replica refuses to become the master, or the Sentinels do not vote for each other",
		}},
		{"failover_stuck", "the replica does not become a master", both(each(overdue), at(1, func(m *sentinel.Master) {
			failing(m)
			m.FailoverState = sentinel.FailoverWaitPromotion
			m.Replicas[1].Flags |= sentinel.FlagPromoted
		})), Critical, []string{
			"critical: the master 10.0.0.10:6379 has been objectively down for 3 min, longer than failover-timeout (3 min), and there is no new master, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379); failover state: none and wait_promotion; the replica 10.0.0.12:6379 was told to become the master, and does not",
		}},
		{"failover_stuck", "promoted for long", at(0, func(m *sentinel.Master) {
			failing(m)
			m.FailoverState = sentinel.FailoverReconfReplicas
			m.Replicas[0].Flags |= sentinel.FlagPromoted
			m.Replicas[0].RoleReported, m.Replicas[0].RoleReportedTime = "master", ms(240_000)
		}), Critical, []string{
			"critical: the replica 10.0.0.11:6379 has been promoted for 4 min, longer than failover-timeout (3 min), and there is no new master, according to 1 of 3 Sentinels (10.0.0.1:26379); failover state: reconf_slaves"}},
		{"failover_stuck", "the name of the promoted node does not resolve", at(0, func(m *sentinel.Master) {
			failing(m)
			m.FailoverState = sentinel.FailoverUpdateConfig
			m.Replicas[0].Flags |= sentinel.FlagPromoted // and made a replica again by the others
			m.Recent = []sentinel.RecentEvent{{Event: sentinel.Event{Name: "+switch-master", Master: m.Name}, Count: 480, First: 40 * time.Second}}
		}), Critical, []string{
			"critical: Sentinel 10.0.0.1:26379 has promoted 10.0.0.11:6379 and cannot switch to it, which it tries for as long as it takes (failover state: update_config): it does not resolve the name of that node; it has published +switch-master 480 times in 40 s"}},
		{"master_paused", "coordinated, for some seconds", at(0, coordinated(4*time.Second)), Critical, []string{
			"critical: no client can write to the master 10.0.0.10:6379: the coordinated failover that Sentinel 10.0.0.1:26379 leads has waited 4.0 s for the replica 10.0.0.11:6379 to catch up; it gives up after failover-timeout (3 min), in 3 min"}},
		{"master_paused", "coordinated, and the others get no answer", both(at(0, coordinated(90*time.Second)), at(1, func(m *sentinel.Master) { m.LastPingSent = ms(8200) })), Critical, []string{
			"critical: no client can write to the master 10.0.0.10:6379: the coordinated failover that Sentinel 10.0.0.1:26379 leads has waited 90 s for the replica 10.0.0.11:6379 to catch up; it gives up after failover-timeout (3 min), in 90 s"}},
		{"master_paused", "coordinated, and nobody listens", both(at(0, coordinated(0)), at(1, func(m *sentinel.Master) { m.LastPingSent = ms(8200) })), Critical, []string{
			"critical: no client can write to the master 10.0.0.10:6379: the coordinated failover that Sentinel 10.0.0.1:26379 leads has waited 8.2 s for the replica 10.0.0.11:6379 to catch up; it gives up after failover-timeout (3 min), in 3 min"}},
		{"master_paused", "coordinated, and ended on the master", at(0, coordinated(90*time.Second)), Warning, []string{
			"warning: the coordinated failover of 10.0.0.10:6379 that Sentinel 10.0.0.1:26379 leads has waited 90 s for the replica 10.0.0.11:6379; the other Sentinels get answers from the master again; it gives up after failover-timeout (3 min), in 90 s"}},
		{"master_paused", "coordinated, and the others get answers from a master that still waits", both(at(0, coordinated(90*time.Second)), at(1, pausedBy(sentinel.CachedInfo{FailoverState: "waiting-for-sync", Age: ms(4000)}, 0))), Critical, []string{
			"critical: no client can write to the master 10.0.0.10:6379: the coordinated failover that Sentinel 10.0.0.1:26379 leads has waited 90 s for the replica 10.0.0.11:6379 to catch up; it gives up after failover-timeout (3 min), in 90 s"}},
		{"master_paused", "coordinated, and healthy", both(at(0, coordinated(2*time.Second)), at(1, func(m *sentinel.Master) { m.LastPingSent = ms(900) })), OK, nil},
		{"master_paused", "coordinated, and nobody listens to a healthy one", at(0, coordinated(0)), OK, nil},
		{"master_paused", "CLIENT PAUSE", each(pausedBy(sentinel.CachedInfo{PausedReason: "client_pause", PausedFor: ms(60_000)}, 5000)), Critical, []string{
			"critical: no client can write to the master 10.0.0.10:6379: CLIENT PAUSE keeps them waiting for 51 s more; Sentinels take that for a master that is down, about when it lasts for longer than down-after (30 s)"}},
		{"master_paused", "FAILOVER at the node", at(1, pausedBy(sentinel.CachedInfo{FailoverState: "waiting-for-sync"}, 5000)), Critical, []string{
			"critical: no client can write to the master 10.0.0.10:6379: it executes a FAILOVER, which waits for a replica (master_failover_state:waiting-for-sync); Sentinels take that for a master that is down, about when it lasts for longer than down-after (30 s)"}},
		{"master_paused", "FAILOVER at the node, which has just said so", at(1, pausedBy(sentinel.CachedInfo{FailoverState: "waiting-for-sync", PausedReason: "failover_in_progress", Age: ms(400)}, 0)), Critical, []string{
			"critical: no client can write to the master 10.0.0.10:6379: it executes a FAILOVER, which waits for a replica (master_failover_state:waiting-for-sync), according to its INFO of 0.4 s ago; Sentinels take that for a master that is down, about when it lasts for longer than down-after (30 s)"}},
		{"master_paused", "CLIENT PAUSE without an end", each(pausedBy(sentinel.CachedInfo{PausedReason: "client_pause", PausedFor: sentinel.Some[time.Duration](math.MaxInt64), Age: ms(400)}, 0)), Critical, []string{
			"critical: no client can write to the master 10.0.0.10:6379: CLIENT PAUSE keeps them waiting without an end, according to its INFO of 0.4 s ago; Sentinels take that for a master that is down, about when it lasts for longer than down-after (30 s)"}},
		{"master_paused", "CLIENT PAUSE for a moment", each(pausedBy(sentinel.CachedInfo{PausedReason: "client_pause", PausedFor: ms(1500), Age: ms(400)}, 0)), OK, nil},
		{"master_paused", "a Sentinel fails over", both(at(0, failing), at(1, pausedBy(sentinel.CachedInfo{FailoverState: "failover-in-progress", PausedReason: "failover_in_progress", Age: ms(400)}, 1500))), OK, nil},
		{"master_paused", "a pause of which no INFO tells any more", each(pausedBy(sentinel.CachedInfo{FailoverState: "waiting-for-sync", Age: ms(12_000)}, 0)), OK, nil},
		{"master_paused", "a pause that is over, as another Sentinel knows", both(at(0, pausedBy(sentinel.CachedInfo{FailoverState: "waiting-for-sync"}, 0)), at(1, pausedBy(sentinel.CachedInfo{FailoverState: "no-failover", Age: ms(2000)}, 0))), OK, nil},
		{"master_paused", "a pause that is over, of a node that hangs now", each(pausedBy(sentinel.CachedInfo{PausedReason: "client_pause", PausedFor: ms(8000)}, 5000)), OK, nil},
		{"master_paused", "it hangs", each(pausedBy(sentinel.CachedInfo{FailoverState: "no-failover", PausedReason: "none", PausedFor: ms(0)}, 5000)), OK, nil},
		{"failover_stuck", "the promoted node has died", at(0, func(m *sentinel.Master) {
			failing(m)
			m.FailoverState = sentinel.FailoverReconfReplicas
			r := &m.Replicas[0]
			r.Flags |= sentinel.FlagPromoted | sentinel.FlagSDown
			r.RoleReported, r.RoleReportedTime, r.SDownTime = "master", ms(5000), ms(2000)
		}), Critical, []string{
			"critical: Sentinel 10.0.0.1:26379 leads a failover to 10.0.0.11:6379, which has died since it was promoted (down for 2.0 s): while that node is down it neither ends this failover nor begins another (failover state: reconf_slaves)"}},
		{"master_emptied", "the replicas still have the data", each(emptied(0, 1000, "old", 4*time.Second)), Critical, []string{
			"critical: the master 10.0.0.10:6379 was restarted 7.0 s ago without its data: it has 0 keys, and had 1000 before; 10.0.0.11:6379 and 10.0.0.12:6379 still had them 5.0 s ago, and will throw them away to synchronize, within seconds"}},
		{"master_emptied", "they have synchronized", at(1, emptied(1, 1, "new", 40*time.Second)), Critical, []string{
			"critical: the master 10.0.0.10:6379 was restarted 43 s ago without its data: it has 1 key, and had 1000 before; no replica has them any more"}},
		{"master_emptied", "from an old file", each(emptied(499, 499, "new", 40*time.Second)), Critical, []string{
			"critical: the master 10.0.0.10:6379 was restarted 43 s ago without its data: it has 499 keys, and had 1000 before; no replica has them any more"}},
		{"master_emptied", "half of it is back", each(emptied(500, 0, "new", 40*time.Second)), OK, nil},
		{"master_emptied", "an hour ago", each(emptied(0, 0, "new", time.Hour)), OK, nil},
		{"master_emptied", "it loads", each(func(m *sentinel.Master) {
			emptied(0, 1000, "old", 4*time.Second)(m)
			m.Cache[0].Loading = true
		}), OK, nil},
		{"master_emptied", "somebody fails over", each(func(m *sentinel.Master) {
			emptied(0, 1000, "old", 4*time.Second)(m)
			failing(m)
		}), OK, nil},
		{"replica_told_again", "its INFO said that it follows the master", each(told(1, 4000, 4005)), Warning, []string{
			"warning: the replica 10.0.0.11:6379 is told again and again to follow 10.0.0.10:6379, which it does, and its clients are disconnected each time, every 10 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379)"}},
		{"replica_told_again", "it has obeyed", each(told(1, 12_000, 2000)), OK, nil},
		{"replica_told_again", "the links to the master were cut", each(told(5, 22_000, 2000)), OK, nil},
		{"replica_told_again", "it follows another, as its INFO said", each(func(m *sentinel.Master) {
			told(1, 4000, 4005)(m)
			m.Replicas[0].MasterHost = "10.0.0.9"
			m.RoleReportedTime = ms(1000) // no time for replica_wrong_master
		}), OK, nil},
		{"replica_told_again", "in a failover", each(func(m *sentinel.Master) { told(1, 4000, 4005)(m); failing(m) }), OK, nil},
		{"failover_stuck", "under way", each(func(m *sentinel.Master) { down(m); failing(m) }), OK, nil},

		{"quorum_unreachable", "all", each(noquorum), Critical, []string{
			"critical: Sentinel 10.0.0.1:26379 sees 1 usable Sentinel, and the quorum is 2: it cannot start a failover",
			"critical: Sentinel 10.0.0.2:26379 sees 1 usable Sentinel, and the quorum is 2: it cannot start a failover",
			"critical: Sentinel 10.0.0.3:26379 sees 1 usable Sentinel, and the quorum is 2: it cannot start a failover",
		}},
		{"quorum_unreachable", "one cut off", at(1, noquorum), Warning, []string{
			"warning: Sentinel 10.0.0.2:26379 sees 1 usable Sentinel, and the quorum is 2: it cannot start a failover"}},
		{"quorum_unreachable", "one in TILT that has seen nobody die", both(each(noquorum), at(0, quorate), tilted(0)), Critical, []string{
			"critical: Sentinel 10.0.0.2:26379 sees 1 usable Sentinel, and the quorum is 2: it cannot start a failover",
			"critical: Sentinel 10.0.0.3:26379 sees 1 usable Sentinel, and the quorum is 2: it cannot start a failover",
		}},
		{"quorum_unreachable", "one that has just started and seen nobody die yet", both(each(noquorum), at(0, quorate), warm(0)), Critical, []string{
			"critical: Sentinel 10.0.0.2:26379 sees 1 usable Sentinel, and the quorum is 2: it cannot start a failover",
			"critical: Sentinel 10.0.0.3:26379 sees 1 usable Sentinel, and the quorum is 2: it cannot start a failover",
		}},
		{"quorum_unreachable", "all in TILT", both(tilted(0), tilted(1), tilted(2)), Unknown, nil},
		{"quorum_fragile", "all in TILT", both(tilted(0), tilted(1), tilted(2)), Unknown, nil},
		{"quorum_fragile", "one in TILT sees more", both(each(func(m *sentinel.Master) { m.CKQuorum.Usable = 2 }), at(0, quorate), tilted(0)), Warning, []string{
			"warning: 2 of 3 Sentinels are usable and 2 are needed (quorum 2, majority 2): if one more is lost, no failover can happen, according to 10.0.0.2:26379"}},
		{"quorum_fragile", "one that has just started sees more", both(each(func(m *sentinel.Master) { m.CKQuorum.Usable = 2 }), at(0, quorate), warm(0)), Warning, []string{
			"warning: 2 of 3 Sentinels are usable and 2 are needed (quorum 2, majority 2): if one more is lost, no failover can happen, according to 10.0.0.2:26379"}},
		{"quorum_unreachable", "all just started", each(func(m *sentinel.Master) { noquorum(m); fresh(m) }), Unknown, nil},
		{"quorum_unreachable", "still warming up", both(each(noquorum), each(func(m *sentinel.Master) { m.RoleReportedTime = ms(16_000) }), warm(0), dead(1), dead(2)), Warning, []string{
			"warning: Sentinel 10.0.0.1:26379 sees 1 usable Sentinel, and the quorum is 2: it cannot start a failover; but that Sentinel has been running for only 16 s, less than down-after (30 s), and may be wrong"}},
		{"majority_unreachable", "one cut off", at(1, noquorum), Warning, []string{
			"warning: Sentinel 10.0.0.2:26379 sees 1 usable Sentinel of the 3 that it knows, and the majority is 2: it cannot be elected to fail over"}},
		{"majority_unreachable", "quorum only", each(func(m *sentinel.Master) { m.CKQuorum = &sentinel.CKQuorum{Usable: 2, MajorityReachable: true} }), OK, nil},
		{"majority_unreachable", "CKQUORUM refused", each(func(m *sentinel.Master) { m.CKQuorum = nil }), Unknown, nil},
		{"quorum_fragile", "margin 0", each(func(m *sentinel.Master) { m.CKQuorum.Usable = 2 }), Warning, []string{
			"warning: 2 of 3 Sentinels are usable and 2 are needed (quorum 2, majority 2): if one more is lost, no failover can happen, according to 10.0.0.1:26379"}},
		{"quorum_fragile", "one does not monitor it", func(all []*sentinel.Snapshot) { all[1].Masters = nil }, Warning, []string{
			"warning: 2 of 3 Sentinels are usable and 2 are needed (quorum 2, majority 2): if one more is lost, no failover can happen, according to 10.0.0.1:26379"}},
		{"quorum_fragile", "one sees more", at(0, func(m *sentinel.Master) { m.CKQuorum.Usable = 2 }), OK, nil},
		{"quorum_misconfigured", "1", each(func(m *sentinel.Master) { m.Quorum = num(1) }), Warning, []string{
			"warning: the quorum is 1: a single Sentinel of 3 that is mistaken can start a failover, according to 10.0.0.1:26379"}},
		{"quorum_misconfigured", "above the voters", at(0, func(m *sentinel.Master) { m.Quorum = num(4) }), Warning, []string{
			"warning: the quorum is 4, but there are only 3 Sentinels: the master can never be considered objectively down, according to 10.0.0.1:26379"}},
		{"quorum_misconfigured", "below the majority", each(func(m *sentinel.Master) { m.NumOtherSentinels = num(4) }), Warning, []string{
			"warning: the quorum is 2, below the majority of 5 Sentinels, which is 3, according to 10.0.0.1:26379"}},
		{"quorum_misconfigured", "even", each(func(m *sentinel.Master) { m.Quorum, m.NumOtherSentinels = num(3), num(3) }), Warning, []string{
			"warning: there are 4 Sentinels, an even number: one of them adds nothing, since no more can be lost than with 3, according to 10.0.0.1:26379"}},
		{"quorum_misconfigured", "nothing to wait down-after for", both(each(func(m *sentinel.Master) { m.Quorum = num(1) }), warm(0), warm(1), warm(2)), Warning, []string{
			"warning: the quorum is 1: a single Sentinel of 3 that is mistaken can start a failover, according to 10.0.0.1:26379"}},
		{"quorum_misconfigured", "they do not know each other", each(stranger), OK, nil},
		{"quorum_misconfigured", "the only one", func(all []*sentinel.Snapshot) {
			all[0].Masters[0].NumOtherSentinels, all[0].Masters[0].Peers = num(0), nil
			all[1].Masters, all[2].Masters = nil, nil
		}, Warning, []string{"warning: there is only 1 Sentinel: with fewer than 3 none can be lost, according to 10.0.0.1:26379"}},
		{"quorum_misconfigured", "too few", func(all []*sentinel.Snapshot) {
			all[2].Masters = nil
			all[0].Masters[0].NumOtherSentinels, all[1].Masters[0].NumOtherSentinels = num(1), num(1)
		}, Warning, []string{
			"warning: there are only 2 Sentinels: with fewer than 3 none can be lost, according to 10.0.0.1:26379"}},
		{"quorum_misconfigured", "a ghost does not count", each(ghost), OK, nil},
		{"settings_drift", "down-after", at(2, func(m *sentinel.Master) { m.DownAfter = ms(5000) }), Warning, []string{
			"warning: down-after-milliseconds is 30000 at 10.0.0.1:26379, 10.0.0.2:26379 and 5000 at 10.0.0.3:26379"}},
		{"settings_drift", "all of them", at(2, func(m *sentinel.Master) {
			m.Quorum, m.FailoverTimeout, m.ParallelSyncs = num(3), ms(1000), num(2)
		}), Warning, []string{
			"warning: quorum is 2 at 10.0.0.1:26379, 10.0.0.2:26379 and 3 at 10.0.0.3:26379",
			"warning: failover-timeout is 180000 at 10.0.0.1:26379, 10.0.0.2:26379 and 1000 at 10.0.0.3:26379",
			"warning: parallel-syncs is 1 at 10.0.0.1:26379, 10.0.0.2:26379 and 2 at 10.0.0.3:26379",
		}},
		{"ghost_sentinels", "one", at(0, ghost), Warning, []string{
			"warning: Sentinel 10.0.0.1:26379 still counts 10.0.0.9:26379 (down for 7 min): a majority of 3 of 4 is needed, where 2 of 3 would be enough"}},
		{"ghost_sentinels", "for all", each(ghost), Warning, []string{
			"warning: Sentinels 10.0.0.1:26379, 10.0.0.2:26379 and 10.0.0.3:26379 still count 10.0.0.9:26379 (down for 7 min): a majority of 3 of 4 is needed, where 2 of 3 would be enough"}},
		{"ghost_sentinels", "down for a while, whatever down-after is", at(0, func(m *sentinel.Master) { ghost(m); m.DownAfter, m.Peers[2].SDownTime = ms(1000), ms(200_000) }), OK, nil},
		{"ghost_sentinels", "down for a while", at(0, func(m *sentinel.Master) { ghost(m); m.Peers[2].SDownTime = ms(200_000) }), OK, nil},
		{"ghost_sentinels", "one that we ask is missing, not a ghost", both(at(0, func(m *sentinel.Master) {
			m.Peers[0].Flags |= sentinel.FlagSDown
			m.Peers[0].SDownTime = ms(400_000)
		}), dead(1)), OK, nil},
		{"ghost_sentinels", "something else has its address", both(at(0, mute), at(1, mute), dead(2)), Warning, []string{
			"warning: what answers at 10.0.0.3:26379 does not take part as the Sentinel that was there: it has announced nothing of the master for 35 s, according to 2 of 2 Sentinels (10.0.0.1:26379, 10.0.0.2:26379); CKQUORUM counts it, and it has no vote"}},
		{"ghost_sentinels", "none else is left", both(at(0, func(m *sentinel.Master) { mute(m); m.Peers[0].LastHello = ms(40_000) }), dead(1), dead(2)), Critical, []string{
			"critical: what answers at 10.0.0.2:26379 does not take part as the Sentinel that was there: it has announced nothing of the master for 40 s, according to 1 of 1 Sentinel (10.0.0.1:26379); CKQUORUM counts it, and it has no vote: no failover can happen",
			"critical: what answers at 10.0.0.3:26379 does not take part as the Sentinel that was there: it has announced nothing of the master for 35 s, according to 1 of 1 Sentinel (10.0.0.1:26379); CKQUORUM counts it, and it has no vote: no failover can happen"}},
		{"ghost_sentinels", "it says that it does not monitor the master", both(at(0, mute), at(1, mute), func(all []*sentinel.Snapshot) { all[2].Masters = nil }), OK, nil},
		{"ghost_sentinels", "its PING is as old as its hello", both(at(0, func(m *sentinel.Master) { mute(m); m.Peers[1].LastOKPingReply = ms(36_000) }), dead(2)), OK, nil},
		{"quorum_fragile", "one is mute", both(at(0, mute), at(1, mute), dead(2)), Warning, []string{
			"warning: 2 of 3 Sentinels are usable and 2 are needed (quorum 2, majority 2): if one more is lost, no failover can happen, according to 10.0.0.1:26379"}},
		{"quorum_fragile", "one is mute, and says that it does not monitor the master", both(at(0, mute), at(1, mute), func(all []*sentinel.Snapshot) { all[2].Masters = nil }), Warning, []string{
			"warning: 2 of 3 Sentinels are usable and 2 are needed (quorum 2, majority 2): if one more is lost, no failover can happen, according to 10.0.0.1:26379"}},
		{"ghost_replicas", "one", each(func(m *sentinel.Master) { replicaDead(&m.Replicas[0], 400_000) }), Warning, []string{
			"warning: the replica 10.0.0.11:6379 has been down for 7 min, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379): the Sentinels will look for it until a RESET"}},
		{"ghost_replicas", "down for a while, whatever down-after is", each(func(m *sentinel.Master) { replicaDead(&m.Replicas[0], 200_000); m.DownAfter = ms(1000) }), OK, nil},
		{"ghost_replicas", "another sees it", at(0, func(m *sentinel.Master) { replicaDead(&m.Replicas[0], 400_000) }), OK, nil},
		{"peers_unreachable", "hello but no answer", at(0, func(m *sentinel.Master) {
			p := &m.Peers[1]
			p.Flags |= sentinel.FlagSDown
			p.SDownTime, p.LastOKPingReply, p.LastPingReply = ms(60_000), ms(90_000), ms(90_000)
		}), Warning, []string{
			"warning: Sentinel 10.0.0.1:26379 has had no answer from 10.0.0.3:26379 for 90 s, but received a hello from it 1.5 s ago: it is running, and cannot be reached from there"}},
		{"peers_unreachable", "just died", at(0, func(m *sentinel.Master) {
			m.Peers[1].Flags |= sentinel.FlagSDown
			m.Peers[1].SDownTime, m.Peers[1].LastHello = ms(500), ms(1700)
		}), OK, nil},

		{"no_promotable_replica", "priority 0 and dead", each(func(m *sentinel.Master) {
			m.Replicas[0].Priority = num(0)
			replicaDead(&m.Replicas[1], 5000)
		}), Critical, []string{
			"critical: no failover could succeed: none of 2 replicas can be promoted (10.0.0.11:6379: its replica-priority is 0; 10.0.0.12:6379: it is down)"}},
		{"no_promotable_replica", "none at all", each(func(m *sentinel.Master) { m.Replicas, m.NumReplicas = nil, num(0) }), Critical, []string{
			"critical: no failover could succeed: there is no replica at all"}},
		{"no_promotable_replica", "the Sentinels connect again at once", each(disconnected(900)), OK, nil},
		{"no_promotable_replica", "the Sentinels do not connect again", each(disconnected(2500)), Critical, []string{
			"critical: no failover could succeed: none of 2 replicas can be promoted (10.0.0.11:6379: the Sentinel has no connection to it; 10.0.0.12:6379: the Sentinel has no connection to it)"}},
		{"no_promotable_replica", "objectively down, and their INFO is old", each(func(m *sentinel.Master) {
			down(m)
			m.Replicas[0].InfoRefresh, m.Replicas[1].InfoRefresh = ms(9000), ms(9100)
		}), Critical, []string{
			"critical: no failover could succeed: none of 2 replicas can be promoted (10.0.0.11:6379: its last INFO is 9s old; 10.0.0.12:6379: its last INFO is 9.1s old)"}},
		{"no_promotable_replica", "just down, and not asked again yet", each(func(m *sentinel.Master) { down(m); m.ODownTime = ms(300) }), OK, nil},
		{"no_promotable_replica", "none yet", each(func(m *sentinel.Master) { m.Replicas = nil; fresh(m) }), Unknown, nil},
		{"no_promotable_replica", "just begun, one not heard of yet", each(func(m *sentinel.Master) {
			fresh(m)
			m.Replicas[0].Priority = num(0)
			m.Replicas[1].RunID, m.Replicas[1].InfoRefresh = "", ms(0)
		}), Unknown, nil},
		{"no_promotable_replica", "just begun, all heard of", each(func(m *sentinel.Master) {
			fresh(m)
			m.Replicas[0].Priority, m.Replicas[1].Priority = num(0), num(0)
		}), Critical, []string{
			"critical: no failover could succeed: none of 2 replicas can be promoted (10.0.0.11:6379: its replica-priority is 0; 10.0.0.12:6379: its replica-priority is 0)"}},
		{"no_promotable_replica", "one Sentinel has one", func(all []*sentinel.Snapshot) {
			all[0].Masters[0].Replicas, all[1].Masters[0].Replicas = nil, nil
		}, OK, nil},
		{"no_promotable_replica", "one is hidden", at(0, func(m *sentinel.Master) {
			m.Replicas = m.Replicas[:1]
			m.Replicas[0].Priority = num(0)
		}), OK, nil},
		{"no_promotable_replica", "one is hidden from all", each(func(m *sentinel.Master) {
			m.Replicas = m.Replicas[:1]
			m.Replicas[0].Priority = num(0)
		}), Unknown, nil},
		{"node_listed_twice", "by IPv4 and IPv6", each(func(m *sentinel.Master) {
			m.Replicas[1].Instance = instance("[fd00::11]:6379", m.Replicas[0].RunID, sentinel.FlagReplica)
		}), Critical, []string{
			"critical: the replica is listed at 2 addresses, 10.0.0.11:6379 and [fd00::11]:6379, which are one process (run id 607db643), according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379): a failover would make it a replica of itself"}},
		{"node_listed_twice", "the master, at one Sentinel", at(1, func(m *sentinel.Master) { m.Replicas[0].RunID = m.RunID }), Critical, []string{
			"critical: the master is listed at 2 addresses, 10.0.0.10:6379 and 10.0.0.11:6379, which are one process (run id 0b996a27), according to 1 of 3 Sentinels (10.0.0.2:26379): a failover would make it a replica of itself"}},
		{"node_listed_twice", "found by its name, and shown by its address", at(0, func(m *sentinel.Master) {
			m.Replicas[1].Instance = m.Replicas[0].Instance
			m.Replicas[0].Name = "redis-1:6379"
		}), Critical, []string{
			"critical: the replica is listed at 2 addresses, 10.0.0.11:6379 and redis-1:6379, which are one process (run id 607db643), according to 1 of 3 Sentinels (10.0.0.1:26379): a failover would make it a replica of itself"}},
		{"node_listed_twice", "an address that it no longer has", each(func(m *sentinel.Master) {
			m.Replicas[1].RunID = m.Replicas[0].RunID
			replicaDead(&m.Replicas[1], 5000)
		}), OK, nil},
		{"node_listed_twice", "no INFO yet", each(func(m *sentinel.Master) { m.Replicas[0].RunID, m.Replicas[1].RunID = "", "" }), OK, nil},
		{"no_promotable_replica", "the master itself, at another address", each(func(m *sentinel.Master) {
			m.Replicas = m.Replicas[:1]
			m.Replicas[0].RunID, m.NumReplicas = m.RunID, num(1)
		}), Critical, []string{
			"critical: no failover could succeed: none of 1 replica can be promoted (10.0.0.11:6379: it is the master itself, at another address)"}},
		{"failover_loses_data", "none has ever synchronized", each(func(m *sentinel.Master) {
			neverSynced(&m.Replicas[0])
			neverSynced(&m.Replicas[1])
		}), Critical, []string{
			"critical: a failover would lose all data: none of the 2 replicas that can be promoted (10.0.0.11:6379, 10.0.0.12:6379) has ever had a link to the master 10.0.0.10:6379"}},
		{"failover_loses_data", "the one with the better priority", each(func(m *sentinel.Master) {
			neverSynced(&m.Replicas[0])
			m.Replicas[0].Priority = num(50)
		}), Critical, []string{
			"critical: a failover would lose all data: the Sentinels would promote 10.0.0.11:6379, which has never had a link to the master 10.0.0.10:6379; 10.0.0.12:6379 has, but its replica-priority comes later"}},
		{"failover_loses_data", "the only one that can be promoted", each(func(m *sentinel.Master) {
			neverSynced(&m.Replicas[0])
			replicaDead(&m.Replicas[1], 5000)
		}), Critical, []string{
			"critical: a failover would lose all data: the Sentinels would promote 10.0.0.11:6379, which has never had a link to the master 10.0.0.10:6379"}},
		{"failover_loses_data", "another has more data", each(func(m *sentinel.Master) { neverSynced(&m.Replicas[0]) }), OK, nil},
		{"failover_loses_data", "one Sentinel has newer INFO", both(each(func(m *sentinel.Master) {
			neverSynced(&m.Replicas[0])
			neverSynced(&m.Replicas[1])
		}), at(1, func(m *sentinel.Master) { m.Replicas[0] = healthyReplica(replicaOne, "x") })), OK, nil},
		{"failover_loses_data", "it has just begun to follow", each(func(m *sentinel.Master) {
			neverSynced(&m.Replicas[0])
			neverSynced(&m.Replicas[1])
			m.Replicas[0].RoleReportedTime, m.Replicas[1].RoleReportedTime = ms(9000), ms(9000)
		}), OK, nil},
		{"failover_loses_data", "one is hidden", each(func(m *sentinel.Master) {
			m.Replicas = m.Replicas[:1]
			neverSynced(&m.Replicas[0])
		}), Unknown, nil},
		{"replica_answers_errors", "another password", each(replicaRefuses), Warning, []string{
			"warning: the replica 10.0.0.11:6379 runs and answers with errors, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379): its last reply to PING is 0.3 s old, the last good one 7 min; all see the same, so look at the node first; it cannot be promoted"}},
		{"replica_answers_errors", "the master does not list it", each(func(m *sentinel.Master) { replicaRefuses(m); attached(m, replicaTwo) }), Warning, []string{
			"warning: the replica 10.0.0.11:6379 runs and answers with errors, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379): its last reply to PING is 0.3 s old, the last good one 7 min; and its master does not list it; it cannot be promoted"}},
		{"replica_answers_errors", "the master lists it", each(func(m *sentinel.Master) { replicaRefuses(m); attached(m, replicaOne, replicaTwo) }), Warning, []string{
			"warning: the replica 10.0.0.11:6379 runs and answers with errors, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379): its last reply to PING is 0.3 s old, the last good one 7 min; all see the same, so look at the node first; it cannot be promoted"}},
		{"replica_down", "it answers with errors", each(replicaRefuses), OK, nil},
		{"ghost_replicas", "it answers with errors", each(replicaRefuses), OK, nil},
		{"ghost_sentinels", "it answers with errors", at(0, func(m *sentinel.Master) {
			ghost(m)
			m.Peers[2].LastPingReply, m.Peers[2].LastOKPingReply = ms(300), ms(430_000)
		}), OK, nil},
		{"peers_unreachable", "another password", at(0, func(m *sentinel.Master) {
			p := &m.Peers[1]
			p.Flags |= sentinel.FlagSDown
			p.SDownTime, p.LastOKPingReply, p.LastPingReply = ms(60_000), ms(90_000), ms(600)
		}), Warning, []string{
			"warning: Sentinel 10.0.0.1:26379 is answered with errors by 10.0.0.3:26379: its last reply to PING is 0.6 s old, the last good one 90 s"}},
		{"replica_down", "for one", at(0, func(m *sentinel.Master) { replicaDead(&m.Replicas[0], 5000) }), Warning, []string{
			"warning: the replica 10.0.0.11:6379 has been down for 5.0 s, according to 1 of 3 Sentinels (10.0.0.1:26379)"}},
		{"replica_down", "it has moved", each(func(m *sentinel.Master) {
			m.Replicas[1].RunID = m.Replicas[0].RunID
			replicaDead(&m.Replicas[1], 5000)
		}), Warning, []string{
			"warning: the replica 10.0.0.12:6379 has been down for 5.0 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379); its process answers at 10.0.0.11:6379, where it is listed as well: it has moved"}},
		{"replica_down", "listed twice at one address", each(func(m *sentinel.Master) {
			replicaDead(&m.Replicas[0], 5000)
			m.Replicas[1] = m.Replicas[0]
			m.Replicas[1].Name = "redis-1:6379"
		}), Warning, []string{
			"warning: the replica 10.0.0.11:6379 has been down for 5.0 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379)"}},
		{"replica_down", "at an address where nobody reaches it", each(func(m *sentinel.Master) {
			attached(m, replicaOne, replicaTwo)
			unreachedReplica(&m.Replicas[0], 27_000)
		}), Warning, []string{
			"warning: the replica 10.0.0.11:6379 has been down for 27 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379); but it runs: the master 10.0.0.10:6379 had word of it 4.8 s ago, and no Sentinel has had an answer at that address"}},
		{"replica_down", "cut off from one", both(at(0, func(m *sentinel.Master) { replicaDead(&m.Replicas[0], 27_000) }), each(func(m *sentinel.Master) { attached(m, replicaOne, replicaTwo) })), Warning, []string{
			"warning: the replica 10.0.0.11:6379 has been down for 27 s, according to 1 of 3 Sentinels (10.0.0.1:26379); but it runs: the master 10.0.0.10:6379 had word of it 4.8 s ago"}},
		{"replica_down", "with another name at one in TILT", both(each(func(m *sentinel.Master) { attached(m, replicaOne, replicaTwo) }),
			at(0, func(m *sentinel.Master) {
				m.Replicas[0].Host, m.Replicas[0].Addr, m.Replicas[0].Name = "redis-1", "redis-1:6379", "redis-1:6379"
			}), tilted(0),
			at(1, func(m *sentinel.Master) { replicaDead(&m.Replicas[0], 27_000) }), at(2, func(m *sentinel.Master) { replicaDead(&m.Replicas[0], 27_000) })), Warning, []string{
			"warning: the replica 10.0.0.11:6379 has been down for 27 s, according to 2 of 3 Sentinels (10.0.0.2:26379, 10.0.0.3:26379); but it runs: the master 10.0.0.10:6379 had word of it 4.8 s ago"}},
		{"replica_down", "it died after the master had word of it", each(func(m *sentinel.Master) {
			attached(m, replicaOne, replicaTwo)
			replicaDead(&m.Replicas[0], 5000)
		}), Warning, []string{
			"warning: the replica 10.0.0.11:6379 has been down for 5.0 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379)"}},
		{"replica_down", "it hangs: the master still lists it", each(func(m *sentinel.Master) {
			attached(m, replicaOne, replicaTwo)
			m.Cache[0].Attached[0].Lag = ms(30_000)
			replicaDead(&m.Replicas[0], 40_000)
		}), Warning, []string{
			"warning: the replica 10.0.0.11:6379 has been down for 40 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379)"}},
		{"ghost_replicas", "it replicates: a RESET would find it again", each(func(m *sentinel.Master) {
			attached(m, replicaOne, replicaTwo)
			unreachedReplica(&m.Replicas[0], 400_000)
		}), OK, nil},
		{"replica_down", "for one in TILT", both(at(0, func(m *sentinel.Master) { replicaDead(&m.Replicas[0], 5000) }), tilted(0)), OK, nil},
		{"replica_link_down", "long", each(func(m *sentinel.Master) {
			m.Replicas[0].MasterLinkUp, m.Replicas[0].MasterLinkDownTime = false, ms(61_000)
		}), Warning, []string{
			"warning: the link of the replica 10.0.0.11:6379 to its master has been down for 61 s, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379)"}},
		{"replica_link_down", "never up", at(0, func(m *sentinel.Master) {
			m.Replicas[0].MasterLinkUp, m.Replicas[0].MasterLinkDownTime = false, sentinel.Duration{}
		}), Warning, []string{
			"warning: the link of the replica 10.0.0.11:6379 to its master was never up, according to 1 of 3 Sentinels (10.0.0.1:26379)"}},
		{"replica_link_down", "just now", each(func(m *sentinel.Master) {
			m.Replicas[0].MasterLinkUp, m.Replicas[0].MasterLinkDownTime = false, ms(3000)
		}), OK, nil},
		{"replica_link_down", "master down", each(func(m *sentinel.Master) {
			down(m)
			m.Replicas[0].MasterLinkUp, m.Replicas[0].MasterLinkDownTime = false, ms(61_000)
		}), OK, nil},
		{"replica_link_down", "it loads", each(func(m *sentinel.Master) { replicaLoads(m, 16_000) }), OK, nil},
		{"replica_link_down", "its master loads", each(func(m *sentinel.Master) {
			masterLoads(m, 31)
			m.Replicas[0].MasterLinkUp, m.Replicas[0].MasterLinkDownTime = false, ms(61_000)
		}), OK, nil},
		{"replica_loading", "from its master", at(1, func(m *sentinel.Master) { replicaLoads(m, 16_000) }), Warning, []string{
			"warning: the replica 10.0.0.11:6379 loads its data (37 %) and answers LOADING to all else, according to 1 of 3 Sentinels (10.0.0.2:26379)"}},
		{"replica_loading", "since a moment ago", each(func(m *sentinel.Master) { replicaLoads(m, 14_000) }), OK, nil},
		{"replica_loading", "an old master", each(func(m *sentinel.Master) { oldMasterLoads(m, 26_000) }), Warning, []string{
			"warning: the old master 10.0.0.12:6379 loads its data and answers LOADING to all else, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379)"}},
		{"replica_loading", "an old master that has just come back", each(func(m *sentinel.Master) { oldMasterLoads(m, 24_000) }), OK, nil},
		{"replica_loading", "INFO of long ago", each(func(m *sentinel.Master) { replicaLoads(m, 16_000); m.Cache[0].Age = ms(26_000) }), OK, nil},

		{"master_refuses_writes", "no replica in step", each(wanting), Critical, []string{
			"critical: the master 10.0.0.10:6379 refuses all writes (NOREPLICAS): it wants replicas that are in step (min-replicas-to-write) and has none, according to its INFO of 3.8 s ago"}},
		{"master_refuses_writes", "one is in step: who knows how many it wants", each(func(m *sentinel.Master) { wanting(m); m.Cache[0].GoodReplicas = num(1) }), OK, nil},
		{"master_refuses_writes", "it wants none", each(func(m *sentinel.Master) { wanting(m); m.Cache[0].GoodReplicas = sentinel.Number{} }), OK, nil},
		{"master_refuses_writes", "a newer INFO", both(each(wanting), at(2, func(m *sentinel.Master) {
			m.Cache[0].Age, m.Cache[0].GoodReplicas = ms(3770), num(2)
		})), OK, nil},
		{"master_refuses_writes", "just switched", each(func(m *sentinel.Master) { wanting(m); fresh(m) }), OK, nil},
		{"master_refuses_writes", "just started", each(func(m *sentinel.Master) { wanting(m); m.Cache[0].Uptime = ms(9000) }), OK, nil},
		{"master_refuses_writes", "the INFO of another process", each(func(m *sentinel.Master) { wanting(m); m.Cache[0].RunID = "another" }), OK, nil},
		{"master_refuses_writes", "it is down: another check tells", each(func(m *sentinel.Master) { wanting(m); down(m) }), OK, nil},
		{"master_refuses_writes", "a failover is in progress", both(each(wanting), at(0, failing)), OK, nil},
		{"master_refuses_writes", "loading for longer than down-after", each(func(m *sentinel.Master) { masterLoads(m, 31) }), Critical, []string{
			"critical: the master 10.0.0.10:6379 has been loading its data for 31 s (37 %), and answers LOADING to its clients and replicas, according to its INFO of 3.8 s ago"}},
		{"master_refuses_writes", "out of memory", each(func(m *sentinel.Master) { full(m, "noeviction", 0) }), Critical, []string{
			"critical: the master 10.0.0.10:6379 refuses writes for want of memory (OOM): it uses 5.0 MiB of the 2.0 MiB that it may (maxmemory), and evicts nothing (maxmemory-policy noeviction), according to its INFO of 3.8 s ago"}},
		{"master_refuses_writes", "out of memory, and nothing expires", each(func(m *sentinel.Master) { full(m, "volatile-lru", 0) }), Critical, []string{
			"critical: the master 10.0.0.10:6379 refuses writes for want of memory (OOM): it uses 5.0 MiB of the 2.0 MiB that it may (maxmemory), and evicts nothing (maxmemory-policy volatile-lru), according to its INFO of 3.8 s ago"}},
		{"master_refuses_writes", "what expires is evicted", each(func(m *sentinel.Master) { full(m, "volatile-lru", 1) }), OK, nil},
		{"master_refuses_writes", "a cache evicts", each(func(m *sentinel.Master) { full(m, "allkeys-lru", 0) }), OK, nil},
		{"master_refuses_writes", "without a limit", each(func(m *sentinel.Master) { full(m, "noeviction", 0); m.Cache[0].MaxMemory = num(0) }), OK, nil},
		{"master_refuses_writes", "loading for less", each(func(m *sentinel.Master) { masterLoads(m, 29) }), OK, nil},
		{"replicas_overlooked", "two announce one address", each(func(m *sentinel.Master) {
			attached(m, replicaOne, replicaOne)
			m.Replicas, m.NumReplicas = m.Replicas[:1], num(1)
		}), Warning, []string{
			"warning: the master 10.0.0.10:6379 has 2 replicas and Sentinel 10.0.0.1:26379 knows 1: some announce one address, 10.0.0.11:6379"}},
		{"replicas_overlooked", "a name that is not resolved", each(func(m *sentinel.Master) { attached(m, replicaOne, replicaTwo, "redis-3:6379") }), Warning, []string{
			"warning: the master 10.0.0.10:6379 has 3 replicas and Sentinel 10.0.0.1:26379 knows 2: the master lists 10.0.0.11:6379, 10.0.0.12:6379, redis-3:6379"}},
		{"replicas_overlooked", "all are known", each(func(m *sentinel.Master) { attached(m, replicaOne, replicaTwo) }), OK, nil},
		{"replicas_overlooked", "a connection that has broken", each(func(m *sentinel.Master) {
			attached(m, replicaOne, replicaTwo, replicaTwo)
			m.Cache[0].Attached[2].Lag = ms(3000)
		}), OK, nil},
		{"replicas_overlooked", "one that is synchronizing", each(func(m *sentinel.Master) {
			attached(m, replicaOne, replicaTwo, replicaTwo)
			m.Cache[0].Attached[2].Online = false
		}), OK, nil},
		{"replicas_overlooked", "just RESET", each(func(m *sentinel.Master) { attached(m, replicaOne, replicaTwo, "redis-3:6379"); fresh(m) }), OK, nil},

		{"replica_lagging", "behind what was before", each(func(m *sentinel.Master) {
			m.Replicas[0].InfoRefresh = ms(100)
			m.Replicas[1].ReplOffset = num(2472 + 20<<20)
		}), Warning, []string{"warning: the replica 10.0.0.11:6379 is 20.0 MiB behind what 10.0.0.12:6379 had before"}},
		{"replica_lagging", "asked earlier", each(func(m *sentinel.Master) {
			m.Replicas[1].InfoRefresh = ms(100)
			m.Replicas[1].ReplOffset = num(2472 + 20<<20)
		}), OK, nil},
		{"replica_lagging", "asked earlier or later, in an answer that took long", func(all []*sentinel.Snapshot) {
			for _, s := range all {
				s.Duration = 10 * time.Second
				s.Masters[0].Replicas[0].InfoRefresh = ms(100)
				s.Masters[0].Replicas[1].ReplOffset = num(2472 + 20<<20)
			}
		}, OK, nil},
		{"replica_lagging", "behind the cached master", each(func(m *sentinel.Master) {
			m.Cache = []sentinel.CachedInfo{{Age: ms(9900), RunID: m.RunID, ReplOffset: num(64 << 20)}}
			m.Replicas[1].ReplOffset, m.Replicas[1].InfoRefresh = num(64<<20), ms(100)
		}), Warning, []string{"warning: the replica 10.0.0.11:6379 is 64.0 MiB behind what 10.0.0.10:6379 had before"}},
		{"replica_role_mismatch", "for long", each(func(m *sentinel.Master) {
			m.Replicas[1].RoleReported, m.Replicas[1].RoleReportedTime = "master", ms(26_000)
		}), Critical, []string{
			"critical: the replica 10.0.0.12:6379 has said for 26 s that it is a master, beside the master 10.0.0.10:6379, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379)"}},
		{"replica_role_mismatch", "an old master that loads", each(func(m *sentinel.Master) { oldMasterLoads(m, 26_000) }), OK, nil},
		{"replica_role_mismatch", "an old master that has come back", each(func(m *sentinel.Master) {
			m.Replicas[1].RoleReported, m.Replicas[1].RoleReportedTime = "master", ms(3_000)
		}), Warning, []string{
			"warning: 10.0.0.12:6379 has come back as a master beside the master 10.0.0.10:6379, and takes writes, which will be lost, for about 7 s more, according to 3 of 3 Sentinels (10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379)"}},
		{"replica_role_mismatch", "one that has been made a replica by now", each(func(m *sentinel.Master) {
			m.Replicas[1].RoleReported, m.Replicas[1].RoleReportedTime = "master", ms(18_000)
		}), OK, nil},
		{"replica_role_mismatch", "after a failover by hand", each(func(m *sentinel.Master) {
			m.RoleReportedTime = ms(4_500)
			m.Replicas[1].RoleReported, m.Replicas[1].RoleReportedTime = "master", ms(3_000)
		}), OK, nil},
		{"replica_role_mismatch", "one that is just promoted, of which nobody has heard", at(0, func(m *sentinel.Master) {
			m.Replicas[1].RoleReported, m.Replicas[1].RoleReportedTime = "master", ms(900)
		}), OK, nil},
		{"replica_wrong_master", "another", at(0, func(m *sentinel.Master) { m.Replicas[0].MasterHost = "10.0.0.12" }), Warning, []string{
			"warning: the replica 10.0.0.11:6379 follows 10.0.0.12:6379, and the master is 10.0.0.10:6379, according to 1 of 3 Sentinels (10.0.0.1:26379)"}},
		{"replica_wrong_master", "a stranger", at(0, func(m *sentinel.Master) { m.Replicas[0].MasterHost = "10.0.0.66" }), Warning, []string{
			"warning: the replica 10.0.0.11:6379 follows 10.0.0.66:6379, and the master is 10.0.0.10:6379, according to 1 of 3 Sentinels (10.0.0.1:26379); none of them knows that node"}},
		{"replica_wrong_master", "by name", at(0, func(m *sentinel.Master) { m.Replicas[0].MasterHost = "redis-0" }), OK, nil},
		{"replica_wrong_master", "by another name", at(0, func(m *sentinel.Master) { named(m); m.Replicas[0].MasterHost = "redis-0.svc" }), OK, nil},
		{"replica_wrong_master", "the name of another replica", at(0, func(m *sentinel.Master) {
			named(m)
			m.Replicas[0].MasterHost = "redis-2"
			m.Replicas[1].Host, m.Replicas[1].Addr = "redis-2", "redis-2:6379"
			m.Replicas[1].MasterHost = "redis-0"
		}), Warning, []string{
			"warning: the replica 10.0.0.11:6379 follows redis-2:6379, and the master is redis-0:6379, according to 1 of 3 Sentinels (10.0.0.1:26379)"}},
		{"replica_wrong_master", "just switched", at(0, func(m *sentinel.Master) { m.Replicas[0].MasterHost = "10.0.0.66"; fresh(m) }), OK, nil},

		{"single_point_of_failure", "the master's with two of three Sentinels", crowd, Warning, []string{
			"warning: 10.0.0.1 is a single point of failure: it holds the master mymaster and 2 of 3 Sentinels; if it is lost as a whole, 1 remains and 2 are needed"}},
		{"single_point_of_failure", "all on one", both(crowd, hosts(func(string) string { return "10.0.0.1" })), Warning, []string{
			"warning: 10.0.0.1 is a single point of failure: it holds the master mymaster and 2 of 2 replicas and 3 of 3 Sentinels; if it is lost as a whole, no Sentinel remains that answered"}},
		{"single_point_of_failure", "all Sentinels on one", hosts(func(host string) string {
			if len(host) > len("10.0.0.1") {
				return host
			}
			return "10.0.0.1"
		}), Warning, []string{
			"warning: 10.0.0.1 is a single point of failure: it holds 3 of 3 Sentinels; if it is lost as a whole, no Sentinel would be left to tell clients where the master is"}},
		{"single_point_of_failure", "all on a machine to try it on", hosts(func(string) string { return "127.0.0.1" }), OK, nil},
		{"single_point_of_failure", "each host can be lost", hosts(func(host string) string {
			if len(host) == len("10.0.0.1") {
				return host
			}
			return strings.Replace(host, "10.0.0.1", "10.0.0.", 1)
		}), OK, nil},
		{"single_point_of_failure", "a Sentinel has just started", both(crowd, at(1, fresh)), OK, nil},
		{"single_point_of_failure", "a failover is under way", both(crowd, at(1, failing)), OK, nil},
		{"single_point_of_failure", "the master is down", both(crowd, each(down)), OK, nil},
		{"single_point_of_failure", "one process is too much already", both(crowd, each(func(m *sentinel.Master) {
			for i := range m.Replicas {
				m.Replicas[i].Priority = num(0)
			}
		})), OK, nil},
		{"single_point_of_failure", "a Sentinel that was not asked could decide", both(crowd, func(all []*sentinel.Snapshot) {
			*all[2] = sentinel.Snapshot{Sentinel: all[2].Sentinel, Err: errors.New("not asked")}
		}), Warning, []string{
			"warning: 10.0.0.1 is a single point of failure: it holds the master mymaster and 2 of 3 Sentinels; if it is lost as a whole, no Sentinel remains that answered"}},

		{"loopback_address", "master and peer", at(0, func(m *sentinel.Master) {
			m.Instance = instance("127.0.0.1:6379", m.RunID, m.Flags)
			m.Name = "mymaster"
			m.Peers[0].Instance = instance("[::1]:26379", "x", sentinel.FlagSentinel)
		}), Warning, []string{
			"warning: Sentinel 10.0.0.1:26379, asked from elsewhere, gives loopback addresses: master 127.0.0.1:6379, Sentinel [::1]:26379"}},
		{"loopback_address", "asked there", func(all []*sentinel.Snapshot) {
			all[0].Sentinel, all[0].Masters[0].Host = "localhost:26379", "127.0.0.1"
		}, OK, nil},
		{"shared_node", "a master's replica", func(all []*sentinel.Snapshot) {
			other := healthyMaster()
			other.Name, other.Addr, other.RunID = "another one", elsewhere, "another process"
			all[0].Masters = append(all[0].Masters, other)
		}, Critical, []string{
			"critical: 2 nodes belong to another one as well: 10.0.0.11:6379, 10.0.0.12:6379",
		}},
		{"shared_node", "by another name", func(all []*sentinel.Snapshot) {
			other := healthyMaster()
			other.Name, other.Addr, other.Host, other.Replicas = "another one", "redis-0:6379", "redis-0", nil
			all[0].Masters = append(all[0].Masters, other)
		}, Critical, []string{"critical: the node 10.0.0.10:6379 belongs to another one as well"}},
		{"shared_node", "host names that do not resolve", func(all []*sentinel.Snapshot) {
			other := healthyMaster()
			other.Name, other.Replicas = "another one", nil
			all[0].Masters = append(all[0].Masters, other)
			for i := range all[0].Masters {
				all[0].Masters[i].Host, all[0].Masters[i].Addr = "", ":6379"
			}
		}, OK, nil},
	}
}

// warm makes a Sentinel one that has run for less than down-after.
func warm(i int) func([]*sentinel.Snapshot) {
	return info(i, func(s *sentinel.Info) { s.Uptime = ms(16_000) })
}

func TestEachCheck(t *testing.T) {
	t.Parallel()
	for _, tc := range checkCases() {
		t.Run(tc.check+"/"+tc.name, func(t *testing.T) {
			t.Parallel()
			snapshots := healthy()
			tc.change(snapshots)
			report := Assess(snapshots, nil)
			var got []string
			for _, f := range report.All() {
				if f.Check == tc.check && (f.Master == "" || f.Master == "mymaster") {
					got = append(got, f.Severity.String()+": "+f.Message)
					complete(t, f)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			results := report.Checks
			if m := report.ByName("mymaster"); m != nil {
				results = append(slices.Clone(results), m.Checks...)
			}
			i := slices.IndexFunc(results, func(r Result) bool { return r.Check == tc.check })
			if i < 0 || results[i].Status != tc.status {
				t.Errorf("the status is not %s in %v", tc.status, results)
			}
			if results[i].Status == Unknown && results[i].Reason == "" {
				t.Error("there is no reason for unknown")
			}
		})
	}
}

// complete holds what every finding must have.
func complete(t *testing.T, f Finding) {
	t.Helper()
	if f.Hint == "" || len(f.Look)+len(f.Commands) == 0 || f.Runbook != "docs/checks.md#"+f.Check {
		t.Errorf("the finding lacks a hint, a command or the runbook: %+v", f)
	}
	for _, command := range slices.Concat(f.Look, f.Commands) {
		if !strings.HasPrefix(command, "redis-cli -h ") && !strings.HasPrefix(command, "redis_sentinel_exporter ") {
			t.Errorf("%q is no command", command)
		}
	}
}

// TestNoHintLowersTheQuorum: with a quorum of 1 each Sentinel could fail over alone, also
// where the others are there and only not seen.
func TestNoHintLowersTheQuorum(t *testing.T) {
	t.Parallel()
	for _, tc := range checkCases() {
		snapshots := healthy()
		tc.change(snapshots)
		report := Assess(snapshots, nil)
		for _, f := range report.All() {
			for _, command := range slices.Concat(f.Look, f.Commands) {
				if strings.HasSuffix(command, " quorum 1") || strings.HasSuffix(command, " quorum 0") {
					t.Errorf("%s/%s: %s says %q", tc.check, tc.name, f.Check, command)
				}
			}
		}
	}
}

func TestEveryCheckHasACase(t *testing.T) {
	t.Parallel()
	for _, c := range Checks() {
		fails := slices.ContainsFunc(checkCases(), func(tc checkCase) bool {
			return tc.check == c.Name && (tc.status == c.Severity || c.Severity == Critical && tc.status == Warning)
		})
		if !fails {
			t.Errorf("no case makes %s fail", c.Name)
		}
	}
}

// TestNoFailoverThatComesTooLate: Valkey 9.1 gives up a FAILOVER by hand when the master has been
// dead for longer than 10 times down-after; sooner, and of others, it is the way out.
func TestNoFailoverThatComesTooLate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		product, version string
		dead             time.Duration // with a down-after of 30 s
		want             bool
	}{
		{"valkey", "9.1.2", 38 * time.Second, true},
		{"valkey", "9.1.2", 5 * time.Minute, false},
		{"valkey", "10.0.0", 5 * time.Minute, false},
		{"valkey", "8.1.1", 5 * time.Minute, true},
		{"redis", "8.6.3", 5 * time.Minute, true},
	} {
		snapshots := healthy()
		for _, s := range snapshots {
			s.Info.Product, s.Info.Version = tc.product, tc.version
			m := &s.Masters[0]
			m.Flags |= sentinel.FlagSDown
			m.DownAfter, m.SDownTime = ms(30_000), sentinel.Some(tc.dead)
		}
		r := Assess(snapshots, nil)
		got, found := false, false
		for _, f := range r.All() {
			if f.Check == "agreement_missing" {
				found = true
				got = slices.ContainsFunc(f.Commands, func(c string) bool { return strings.Contains(c, " failover ") })
			}
		}
		if !found || got != tc.want {
			t.Errorf("%s %s, dead for %s: found %t, with the failover %t", tc.product, tc.version, tc.dead, found, got)
		}
	}
}

// TestNoCommandLeadsToTheEmptier: where most Sentinels name a node with less than half of another's data, no command
// makes the others follow it.
func TestNoCommandLeadsToTheEmptier(t *testing.T) {
	t.Parallel()
	for keys, commands := range map[int64]bool{1: false, 500: true} {
		all := healthy()
		parted(keys, keys, 1000)(all)
		all[1].Masters[0].Instance = all[0].Masters[0].Instance
		all[1].Masters[0].Cache[0].RunID = all[0].Masters[0].RunID
		r := Assess(all, nil)
		f := r.Masters[0].Findings[0]
		if f.Check != "master_disagreement" || (len(f.Commands) > 0) != commands || !strings.Contains(f.Message, fmt.Sprintf("and %s (10.0.0.1:26379, 10.0.0.2:26379)", count(int(keys), "key"))) {
			t.Errorf("%d keys: %s: %s; commands %q", keys, f.Check, f.Message, f.Commands)
		}
	}
}
