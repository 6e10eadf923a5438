package health

import (
	"net"
	"slices"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// An explanation is a line of the table of causes: a finding of the check effect follows
// from a finding of the check cause if because returns true.
type explanation struct {
	effect, cause string
	because       func(m *masterModel, cause, effect *witnessedFinding) bool
}

// explanations is the table of causes. The first lines of an effect name the causes that
// explain it best. A cause is a finding on the same master or on the deployment.
func explanations() []explanation {
	return []explanation{
		{"master_missing", "no_masters", sameSentinel},
		{"master_odown", "master_answers_errors", seenByThose},
		{"master_odown", "master_disagreement", sameNode}, // one address of several servers
		{"master_odown", "no_named_master", downForItsRole},
		{"master_odown", "master_role_mismatch", downForItsRole},
		{"master_odown", "master_paused", sameNode},
		{"agreement_missing", "master_paused", sameNode},
		{"master_sdown", "master_paused", sameNode},
		{"master_sdown", "master_odown", sameNode},
		{"master_sdown", "agreement_missing", sameNode},
		{"master_sdown", "master_answers_errors", seenByThose},
		{"master_sdown", "master_disagreement", sameNode},
		{"master_sdown", "master_role_mismatch", seenByThose},
		{"master_sdown", "replica_down", sameNode}, // for Sentinels that have switched
		{"master_sdown", "quorum_unreachable", cutOff},
		{"master_sdown", "majority_unreachable", cutOff},
		{"master_disagreement", "quorum_unreachable", missedByCutOff},
		{"master_disagreement", "majority_unreachable", missedByCutOff},
		{"master_role_mismatch", "master_disagreement", wrongAddress},
		{"master_role_mismatch", "master_disagreement", sameNode},
		{"epoch_disagreement", "quorum_unreachable", cutOff},
		{"epoch_disagreement", "majority_unreachable", cutOff},
		{"agreement_missing", "replicas_forgotten", always},
		{"agreement_missing", "peers_unknown", critical},
		{"agreement_missing", "ghost_sentinels", critical},
		{"peers_unknown", "replicas_forgotten", always},
		{"peers_unknown", "sentinel_restart_fails", takesNoNames},
		{"quorum_unreachable", "replicas_forgotten", always},
		{"quorum_fragile", "replicas_forgotten", always},
		{"quorum_unreachable", "peers_unknown", seenByThose},
		{"majority_unreachable", "peers_unknown", seenByThose},
		{"quorum_unreachable", "sentinel_unreachable", lost},
		{"quorum_unreachable", "peers_unreachable", sameSentinel},
		{"quorum_unreachable", "ghost_sentinels", seenByThose},
		{"majority_unreachable", "sentinel_unreachable", lost},
		{"majority_unreachable", "peers_unreachable", sameSentinel},
		{"majority_unreachable", "ghost_sentinels", seenByThose},
		{"majority_unreachable", "quorum_unreachable", sameSentinel},
		{"quorum_fragile", "sentinel_id_duplicate", countsTooFew},
		{"quorum_fragile", "sentinel_unreachable", lost},
		{"quorum_fragile", "master_missing", always},
		{"quorum_fragile", "ghost_sentinels", seenByThose},
		{"quorum_fragile", "peers_unreachable", seenByThose},
		{"quorum_fragile", "quorum_unreachable", lost},
		{"quorum_fragile", "majority_unreachable", lost},
		{"quorum_misconfigured", "sentinel_id_duplicate", countsTooFew},
		{"quorum_misconfigured", "shared_node", countsStrangers},
		{"no_promotable_replica", "replicas_forgotten", always},
		{"no_promotable_replica", "master_disagreement", standsAlone},
		{"no_promotable_replica", "replica_down", otherwisePromotable},
		{"no_promotable_replica", "replica_link_down", otherwisePromotable},
		{"no_promotable_replica", "replica_loading", otherwisePromotable},
		{"no_promotable_replica", "replica_told_again", otherwisePromotable},
		{"no_promotable_replica", "node_listed_twice", ofMaster},
		{"no_promotable_replica", "master_refuses_writes", masterIsLoading},
		{"failover_loses_data", "master_refuses_writes", masterIsLoading},
		{"master_refuses_writes", "replica_down", wantsReplicas},
		{"master_refuses_writes", "replica_link_down", wantsReplicas},
		{"master_refuses_writes", "replica_loading", wantsReplicas},
		{"single_point_of_failure", "replica_down", wouldBePromoted},
		{"single_point_of_failure", "replica_link_down", wouldBePromoted},
		{"single_point_of_failure", "replica_loading", wouldBePromoted},
		{"failover_stuck", "sentinel_restart_fails", takesNoNames},
		{"failover_stuck", "shared_node", countsStrangers},
		{"failover_stuck", "replicas_forgotten", always},
		{"failover_stuck", "no_promotable_replica", always},
		{"failover_stuck", "majority_unreachable", critical},
		{"failover_stuck", "ghost_sentinels", critical},
		{"failover_stuck", "quorum_unreachable", critical},
		{"failover_stuck", "replica_down", isPromoted},
		{"failover_stuck", "master_odown", sameNode},
		{"replica_down", "master_odown", sameNode}, // for Sentinels that have not switched
		{"replica_down", "master_answers_errors", seenByThose},
		{"replica_answers_errors", "master_answers_errors", seenByThose},
		{"replica_down", "quorum_unreachable", cutOff},
		{"replica_down", "majority_unreachable", cutOff},
		{"replica_down", "node_listed_twice", ofReplica},
		{"ghost_replicas", "replica_down", sameNode},
		{"replica_link_down", "node_listed_twice", ofReplica},
		{"replica_link_down", "replica_wrong_master", sameNode},
		{"replica_link_down", "replica_told_again", sameNode},
		{"replica_link_down", "replica_down", followsThat},
		{"replica_wrong_master", "master_disagreement", ofSeveralServers},
		{"replica_wrong_master", "replica_role_mismatch", followsThat},
		{"replica_wrong_master", "shared_node", sameNode}, // the Sentinels of both masters give it theirs
		{"replica_told_again", "shared_node", sameNode},
		{"replica_told_again", "sentinel_restart_fails", takesNoNames},
	}
}

// explain fills in FollowsFrom of the findings on a master. All checks must have run, since
// any finding can be a cause.
func (m *masterModel) explain(onDeployment, onMaster []witnessedFinding) {
	if len(onMaster) > 0 && m.model.causes == nil {
		m.model.causes = explanations()
	}
	for i := range onMaster {
		effect := &onMaster[i]
		for _, e := range m.model.causes {
			if e.effect != effect.Check {
				continue
			}
			for _, causes := range [][]witnessedFinding{onDeployment, onMaster} {
				for k := range causes {
					if cause := &causes[k]; cause.Check == e.cause && e.because(m, cause, effect) {
						effect.FollowsFrom = append(effect.FollowsFrom, cause.asCause())
					}
				}
			}
		}
		m.explainTwins(effect, onMaster[:i])
	}
}

// explainTwins makes a finding follow from an earlier one of the same check if both are
// about the same two Sentinels, which do not reach each other.
func (m *masterModel) explainTwins(effect *witnessedFinding, before []witnessedFinding) {
	for k := range before {
		if twin := &before[k]; twin.Check == "peers_unreachable" && effect.Check == twin.Check && m.eachOther(twin, effect) {
			effect.FollowsFrom = append(effect.FollowsFrom, twin.asCause())
			return
		}
	}
}

// eachOther reports whether each of two Sentinels considers the other one down.
func (m *masterModel) eachOther(a, b *witnessedFinding) bool {
	return a.Sentinel != b.Sentinel && a.sees(m, b.Sentinel, lostPeer) && b.sees(m, a.Sentinel, lostPeer)
}

func always(*masterModel, *witnessedFinding, *witnessedFinding) bool { return true }

func critical(_ *masterModel, cause, _ *witnessedFinding) bool { return cause.Severity == Critical }

func sameNode(_ *masterModel, cause, effect *witnessedFinding) bool { return cause.Node == effect.Node }

func sameSentinel(_ *masterModel, cause, effect *witnessedFinding) bool {
	return cause.Sentinel == effect.Sentinel
}

// downForItsRole reports whether the master answers, and is considered down because it has said for long that it is a replica.
func downForItsRole(_ *masterModel, _, effect *witnessedFinding) bool {
	return !slices.ContainsFunc(effect.witnesses, func(v deployment.View) bool {
		return v.RoleReported != sentinel.RoleReplica || !v.LastOKPingReply.Present || v.LastOKPingReply.Value >= answerTime
	})
}

// ofSeveralServers reports whether the master's address leads to several servers: replicas may follow one of them by its own.
func ofSeveralServers(_ *masterModel, cause, _ *witnessedFinding) bool { return cause.Node != "" }

// standsAlone reports whether no Sentinel knows a replica: the nodes that should be are masters of other Sentinels.
func standsAlone(m *masterModel, _, _ *witnessedFinding) bool {
	return m.apart() && len(m.replicas) == 0
}

// takesNoNames reports whether nobody sees the effect but the Sentinel of the cause, which does
// not resolve host names.
func takesNoNames(_ *masterModel, cause, effect *witnessedFinding) bool {
	other := func(v deployment.View) bool {
		return v.Snapshot.Sentinel != cause.Sentinel || v.Snapshot.ResolveHostnames.Or(true)
	}
	return !slices.ContainsFunc(effect.witnesses, other)
}

// seenByThose reports whether only Sentinels that see the cause see the effect.
func seenByThose(_ *masterModel, cause, effect *witnessedFinding) bool {
	stranger := func(v deployment.View) bool {
		return !slices.ContainsFunc(cause.witnesses, func(w deployment.View) bool { return w.Snapshot == v.Snapshot })
	}
	return len(effect.witnesses) > 0 && !slices.ContainsFunc(effect.witnesses, stranger)
}

// cutOff reports whether only one Sentinel sees the effect, and reaches neither the others
// nor the master.
func cutOff(m *masterModel, cause, effect *witnessedFinding) bool {
	return isolated(cause) && seenByThose(m, cause, effect)
}

func isolated(f *witnessedFinding) bool {
	return len(f.witnesses) == 1 && f.witnesses[0].Flags.Has(sentinel.FlagSDown)
}

// missedByCutOff reports whether only a Sentinel that is cut off names another master.
func missedByCutOff(m *masterModel, cause, _ *witnessedFinding) bool {
	groups := m.byNode()
	return isolated(cause) && len(groups) == 2 && len(groups[1]) == 1 && groups[1][0].Snapshot == cause.witnesses[0].Snapshot &&
		epochOf(groups[1]) < epochOf(groups[0])
}

// wrongAddress reports whether the node of the effect is not the authoritative master.
func wrongAddress(m *masterModel, _, effect *witnessedFinding) bool {
	known := func(v deployment.View) bool {
		return v.Addr == effect.Node && v.SameNode(&m.believed().Instance).Value
	}
	return effect.Node != m.believed().Addr && !slices.ContainsFunc(m.Views, known)
}

// lost reports whether a Sentinel that sees the effect considers the Sentinel of the cause down.
func lost(m *masterModel, cause, effect *witnessedFinding) bool {
	return effect.sees(m, cause.Sentinel, lostPeer)
}

// sees reports whether is holds for one of the witnesses and the Sentinel that is asked at addr.
func (f *witnessedFinding) sees(m *masterModel, addr string, is func(*masterModel, deployment.View, *sentinel.Snapshot) bool) bool {
	i := slices.IndexFunc(m.model.asked, func(s *sentinel.Snapshot) bool { return s.Sentinel == addr })
	return i >= 0 && slices.ContainsFunc(f.witnesses, func(v deployment.View) bool { return is(m, v, m.model.asked[i]) })
}

// lostPeer reports whether v considers the Sentinel of s down. If that one does not answer
// and v does not know its address, it may be any peer that v considers down and that is not
// asked at the address v has for it.
func lostPeer(m *masterModel, v deployment.View, s *sentinel.Snapshot) bool {
	known := func(p sentinel.Peer) bool { return isPeer(s, &p) }
	if i := slices.IndexFunc(v.Peers, known); i >= 0 {
		return v.Peers[i].Flags.Has(sentinel.FlagSDown)
	}
	return !s.Up() && slices.ContainsFunc(v.Peers, func(p sentinel.Peer) bool { return p.Flags.Has(sentinel.FlagSDown) && !m.model.asks(&p) })
}

// isPeer reports whether p is the Sentinel of s. That has no id if it did not answer, or is one
// of Redis 6.0, which does not know MYID.
func isPeer(s *sentinel.Snapshot, p *sentinel.Peer) bool {
	return p.Addr == s.Sentinel || s.ID != "" && s.ID == p.RunID
}

// countsTooFew reports whether a Sentinel that sees the effect knows fewer Sentinels than
// have answered that they monitor the master.
func countsTooFew(m *masterModel, _, effect *witnessedFinding) bool {
	return slices.ContainsFunc(effect.witnesses, func(v deployment.View) bool { return v.Voters().Value < int64(len(m.Views)) })
}

// countsStrangers reports whether a Sentinel that sees the effect takes Sentinels of another deployment for its
// peers. They do not vote for it.
func countsStrangers(m *masterModel, _, effect *witnessedFinding) bool {
	return slices.ContainsFunc(effect.witnesses, func(v deployment.View) bool {
		return slices.ContainsFunc(v.Peers, func(p sentinel.Peer) bool { return m.model.elsewhere.Peers[p.RunID] != "" })
	})
}

// otherwisePromotable reports whether the replica of the cause could be promoted if the cause
// were repaired.
func otherwisePromotable(m *masterModel, cause, _ *witnessedFinding) bool {
	return m.replicaHas(cause.Node, func(s deployment.ReplicaView) bool { return !s.Priority.Present || s.Priority.Value > 0 })
}

// wouldBePromoted reports whether a host must not be lost for want of a replica, and the one of the
// cause could be promoted if the cause were repaired.
func wouldBePromoted(m *masterModel, cause, effect *witnessedFinding) bool {
	wantsReplica := func(h canstop.FatalHost) bool { return h.Together && h.Led }
	return slices.ContainsFunc(m.losses.Hosts, wantsReplica) && otherwisePromotable(m, cause, effect)
}

// masterIsLoading reports whether the master serves no replica either.
func masterIsLoading(m *masterModel, _, _ *witnessedFinding) bool { return m.masterLoads() }

// wantsReplicas reports whether it is for want of replicas that the master refuses writes.
func wantsReplicas(m *masterModel, _, _ *witnessedFinding) bool { return !m.masterLoads() }

// ofMaster reports whether it is the master that is listed as a replica as well.
func ofMaster(_ *masterModel, cause, _ *witnessedFinding) bool {
	return slices.ContainsFunc(cause.witnesses, func(v deployment.View) bool {
		return slices.ContainsFunc(v.Replicas, func(r sentinel.Replica) bool { return r.SameProcess(&v.Instance) })
	})
}

// ofReplica reports whether the replica of the effect is one of the entries of the
// process that is listed twice: somebody reaches it at its other address.
func ofReplica(m *masterModel, cause, effect *witnessedFinding) bool {
	for _, v := range cause.witnesses {
		for _, entries := range v.ListedTwice() {
			if m.replicaHas(effect.Node, func(s deployment.ReplicaView) bool { return s.SameProcess(entries[0]) }) {
				return true
			}
		}
	}
	return false
}

// isPromoted reports whether a Sentinel has promoted the replica of the cause.
func isPromoted(m *masterModel, cause, _ *witnessedFinding) bool {
	return m.replicaHas(cause.Node, func(s deployment.ReplicaView) bool { return s.Flags.Has(sentinel.FlagPromoted) })
}

// followsThat reports whether the replica of the effect follows the node of the cause.
func followsThat(m *masterModel, cause, effect *witnessedFinding) bool {
	return m.replicaHas(effect.Node, func(s deployment.ReplicaView) bool {
		return net.JoinHostPort(s.MasterHost, s.MasterPort) == cause.Node
	})
}

// replicaHas reports whether is holds for the replica in the view of any Sentinel.
func (m *masterModel) replicaHas(addr string, is func(deployment.ReplicaView) bool) bool {
	return slices.ContainsFunc(m.replicas, func(group []deployment.ReplicaView) bool {
		return group[0].Addr == addr && slices.ContainsFunc(group, is)
	})
}
