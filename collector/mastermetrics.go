package collector

import (
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// down has the flags of a node that is considered down.
const down = sentinel.FlagSDown | sentinel.FlagODown

// A masterRow is one view of a master.
type masterRow struct {
	deployment.View
	// promotable is computed once: two metrics use it, and it looks at every replica.
	promotable sentinel.Number
}

func newMasterRow(v deployment.View) masterRow {
	return masterRow{View: v, promotable: v.PromotableReplicas()}
}

func masterTable() table[masterRow] {
	return table[masterRow]{
		section: "Per master, as one Sentinel sees it",
		labels: []label[masterRow]{
			{labelMaster, func(m *masterRow) string { return m.Name }},
			{labelSentinel, func(m *masterRow) string { return m.Snapshot.Sentinel }},
		},
		rows: func(v *input) []masterRow { return v.masters },
		metrics: []metric[masterRow]{
			{
				name:  "master_info",
				help:  "Always 1; the labels are the address that this Sentinel gives to clients and the run id of the process behind the master (empty until the Sentinel has had its first INFO).",
				value: always[masterRow],
				info: []label[masterRow]{
					{"address", func(m *masterRow) string { return m.Advertised() }},
					{"run_id", func(m *masterRow) string { return m.RunID }},
				},
			},
			{
				name:  "master_ok",
				help:  "1 unless this Sentinel considers the master down (s_down or o_down). Frozen while tilt is 1.",
				value: func(m *masterRow) (float64, bool) { return truth(!m.Flags.Any(down)) },
			},
			{
				name:  "master_sdown",
				help:  "1 if this Sentinel, by its own observation, considers the master down: no valid reply to PING for longer than master_down_after_seconds. Frozen while tilt is 1.",
				quiet: when(0),
				value: masterFlag(sentinel.FlagSDown),
			},
			{
				name:  "master_odown",
				help:  "1 if a quorum of Sentinels agrees that the master is down. Frozen while tilt is 1.",
				quiet: when(0),
				value: masterFlag(sentinel.FlagODown),
			},
			{
				name:  "master_disconnected",
				help:  "1 if this Sentinel has no connection to the master. It is 1 for a moment at every reconnect.",
				quiet: when(0),
				value: masterFlag(sentinel.FlagDisconnected),
			},
			{
				name:  "master_failover_in_progress",
				help:  "1 if this Sentinel drives a failover of the master, or tries to; the other Sentinels show 0.",
				value: masterFlag(sentinel.FlagFailoverInProgress),
			},
			{
				name:  "master_role_mismatch",
				help:  "1 if the node that this Sentinel considers the master reports that it is a replica. Absent if the Sentinel reports no role.",
				quiet: when(0),
				value: (*masterRow).roleMismatch,
			},
			{
				name:  "master_sdown_seconds",
				help:  "Seconds for which this Sentinel has considered the master down, as it reports them; 0 if it does not.",
				quiet: when(0),
				value: func(m *masterRow) (float64, bool) { return m.downSeconds(sentinel.FlagSDown, m.SDownTime) },
			},
			{
				name:  "master_odown_seconds",
				help:  "Seconds for which a quorum has considered the master down, as this Sentinel reports them; 0 if it does not.",
				quiet: when(0),
				value: func(m *masterRow) (float64, bool) { return m.downSeconds(sentinel.FlagODown, m.ODownTime) },
			},
			{
				name:  "master_failover_state",
				help:  "Step of the failover that this Sentinel drives: 0 none, 1 wait_start, 2 select_slave, 3 send_slaveof_noone, 4 wait_promotion, 5 reconf_slaves, 6 update_config. Absent for a step that the exporter does not know.",
				quiet: when(0),
				value: (*masterRow).failoverState,
			},
			{
				name:  "master_last_ok_ping_reply_seconds",
				help:  "Seconds since the master's last valid reply to PING, as this Sentinel reports them; normally about 1 or less.",
				value: func(m *masterRow) (float64, bool) { return seconds(m.LastOKPingReply) },
			},
			{
				name:  "master_last_ping_reply_seconds",
				help:  "Seconds since the master's last reply to PING, errors included, as this Sentinel reports them. If only the valid ones are old, the master answers with errors: usually because of a wrong auth-pass.",
				value: func(m *masterRow) (float64, bool) { return seconds(m.LastPingReply) },
			},
			{
				name:  "master_config_epoch",
				help:  "Version of the master's configuration, raised by every failover. A Sentinel with a lower one than the others has an outdated view.",
				value: func(m *masterRow) (float64, bool) { return number(m.ConfigEpoch) },
			},
			{
				name:  "master_replicas",
				help:  "Replicas that this Sentinel knows, including dead ones, which only SENTINEL RESET makes it forget.",
				value: func(m *masterRow) (float64, bool) { return number(m.NumReplicas) },
			},
			{
				name:  "master_ok_replicas",
				help:  "Replicas that this Sentinel is connected to and does not consider down, and whose link to the master is up; a process that is listed at two addresses counts once. Absent if SENTINEL REPLICAS failed.",
				value: (*masterRow).okReplicas,
			},
			{
				name:  "master_promotable_replicas",
				help:  "Replicas that Sentinel, by its own rules, could promote in a failover now; a process that is listed at two addresses counts once, and a hidden replica (replica-announced no), which can be promoted as well, not at all. Absent if SENTINEL REPLICAS failed, and if only hidden replicas are left, about which Sentinel says nothing.",
				value: func(m *masterRow) (float64, bool) { return number(m.promotable) },
			},
			{
				name:  "master_sentinels",
				help:  "Sentinels that have a vote: all that this one knows, including dead ones, and itself. A failover needs a majority of them.",
				value: func(m *masterRow) (float64, bool) { return number(m.Voters()) },
			},
			{
				name:  "master_ok_sentinels",
				help:  "Sentinels that this one does not consider down, and itself. Absent if SENTINEL SENTINELS failed.",
				value: (*masterRow).okSentinels,
			},
			{
				name:  "master_quorum",
				help:  "Setting of this Sentinel: how many must agree that the master is down before a failover is tried.",
				value: func(m *masterRow) (float64, bool) { return number(m.Quorum) },
			},
			{
				name:  "master_down_after_seconds",
				help:  "Setting of this Sentinel: seconds without a valid reply to PING after which it considers the master, a replica or a Sentinel down.",
				value: func(m *masterRow) (float64, bool) { return seconds(m.DownAfter) },
			},
			{
				name:  "master_failover_timeout_seconds",
				help:  "Setting of this Sentinel: seconds after which it gives up a step of a failover. Another failover is tried after twice this time.",
				value: func(m *masterRow) (float64, bool) { return seconds(m.FailoverTimeout) },
			},
			{
				name:  "master_parallel_syncs",
				help:  "Setting of this Sentinel: how many replicas at once are told to follow the new master.",
				value: func(m *masterRow) (float64, bool) { return number(m.ParallelSyncs) },
			},
			{
				name:  "master_quorum_ok",
				help:  "1 if enough Sentinels can be reached to agree on a failover and to authorize it (SENTINEL CKQUORUM). It says nothing about the master or the replicas. Absent if the command failed.",
				value: fromQuorum(func(q *sentinel.CKQuorum) (float64, bool) { return truth(q.OK()) }),
			},
			{
				name:  "master_quorum_reachable",
				help:  "1 if enough Sentinels can be reached to agree that the master is down. Absent if SENTINEL CKQUORUM failed.",
				value: fromQuorum(func(q *sentinel.CKQuorum) (float64, bool) { return truth(q.QuorumReachable) }),
			},
			{
				name:  "master_majority_reachable",
				help:  "1 if enough Sentinels can be reached to authorize a failover: a majority of all known ones, including dead ones. Absent if SENTINEL CKQUORUM failed.",
				value: fromQuorum(func(q *sentinel.CKQuorum) (float64, bool) { return truth(q.MajorityReachable) }),
			},
			{
				name:  "master_usable_sentinels",
				help:  "Sentinels that this one can reach, and itself, as SENTINEL CKQUORUM counts them. Absent if the command failed.",
				value: fromQuorum(func(q *sentinel.CKQuorum) (float64, bool) { return float64(q.Usable), true }),
			},
			{
				name:  "master_quorum_margin",
				help:  "How many more Sentinels can fail before no failover is possible: the usable ones minus the larger of quorum and majority. One that answers PING and has sent no hello for 30 s counts as lost. Negative if no failover is possible already. Absent if SENTINEL CKQUORUM failed.",
				value: func(m *masterRow) (float64, bool) { return number(m.Margin()) },
			},
			{
				name:  "master_failover_possible",
				help:  "1 if this Sentinel could fail the master over now: quorum and majority can be reached, a replica can be promoted, the one that would be has had a link to the master, the Sentinel is not in TILT mode, it has not considered the master down for more than 10 s without the agreement of the others, and the master has not been objectively down for longer than failover-timeout, in which case it has tried in vain. Absent if one of these is unknown.",
				value: (*masterRow).failoverPossible,
			},
		},
	}
}

func masterFlag(flag sentinel.Flags) func(*masterRow) (float64, bool) {
	return func(m *masterRow) (float64, bool) { return truth(m.Flags.Has(flag)) }
}

// fromQuorum returns a function that reads a value from the answer to CKQUORUM.
func fromQuorum(value func(*sentinel.CKQuorum) (float64, bool)) func(*masterRow) (float64, bool) {
	return func(m *masterRow) (float64, bool) {
		if m.CKQuorum == nil {
			return unknown()
		}
		return value(m.CKQuorum)
	}
}

func (m *masterRow) roleMismatch() (float64, bool) {
	if m.RoleReported == "" {
		return unknown()
	}
	return truth(m.RoleReported != sentinel.RoleMaster)
}

// downSeconds returns 0 while the flag is not set, when Sentinel leaves out the age. If the
// flag is set and there is no age, the value is unknown.
func (m *masterRow) downSeconds(flag sentinel.Flags, age sentinel.Duration) (float64, bool) {
	if !m.Flags.Has(flag) {
		return 0, true
	}
	return seconds(age)
}

func (m *masterRow) failoverState() (float64, bool) {
	return float64(m.FailoverState), m.FailoverState < sentinel.FailoverUnknown
}

func (m *masterRow) okReplicas() (float64, bool) {
	if m.ReplicasErr != nil {
		return unknown()
	}
	return float64(m.CountReplicas((*sentinel.Replica).OK)), true
}

func (m *masterRow) okSentinels() (float64, bool) {
	if m.PeersErr != nil {
		return unknown()
	}
	ok := 1 // itself
	for i := range m.Peers {
		if peerOK(&m.Peers[i]) {
			ok++
		}
	}
	return count(ok)
}

func (m *masterRow) failoverPossible() (float64, bool) {
	info := m.Snapshot.Info
	if m.CKQuorum == nil || !m.promotable.Present || info == nil || !info.Tilt.Present {
		return unknown()
	}
	heir := m.Heir()
	return truth(m.CKQuorum.OK() && m.Margin().Value >= 0 && heir != nil && !heir.NeverSynchronized() && !info.Tilt.Value && !m.LacksAgreement() && !m.FailoverOverdue())
}
