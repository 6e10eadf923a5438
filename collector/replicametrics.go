package collector

import "redis_sentinel_exporter/sentinel"

// A replicaRow is one replica as one Sentinel sees it.
type replicaRow struct {
	*sentinel.Replica
	master *masterRow
	// furthest is the highest replication offset known of the master or a live
	// replica of it.
	furthest sentinel.Number
}

func replicaRows(v *input) []replicaRow {
	n := 0
	for i := range v.masters {
		n += len(v.masters[i].Replicas)
	}
	rows := make([]replicaRow, 0, n)
	for i := range v.masters {
		m := &v.masters[i]
		furthest := m.furthestOffset()
		for k := range m.Replicas {
			rows = append(rows, replicaRow{&m.Replicas[k], m, furthest})
		}
	}
	return rows
}

func replicaTable() table[replicaRow] {
	return table[replicaRow]{
		section: "Per replica, as one Sentinel sees it",
		labels: []label[replicaRow]{
			{labelMaster, func(r *replicaRow) string { return r.master.Name }},
			{"replica", func(r *replicaRow) string { return r.Addr }},
			{labelSentinel, func(r *replicaRow) string { return r.master.Snapshot.Sentinel }},
		},
		rows: replicaRows,
		metrics: []metric[replicaRow]{
			{
				name:  "replica_info",
				help:  "Always 1; the label is the run id of the replica's process (empty until the Sentinel has had its first INFO).",
				value: always[replicaRow],
				info:  []label[replicaRow]{{"run_id", func(r *replicaRow) string { return r.RunID }}},
			},
			{
				name:  "replica_ok",
				help:  "1 if this Sentinel is connected to the replica and does not consider it down, and the replica's link to the master is up.",
				value: func(r *replicaRow) (float64, bool) { return truth(r.OK()) },
			},
			{
				name:  "replica_sdown",
				help:  "1 if this Sentinel considers the replica down. Frozen while tilt is 1.",
				quiet: when(0),
				value: func(r *replicaRow) (float64, bool) { return truth(r.Flags.Has(sentinel.FlagSDown)) },
			},
			{
				name:  "replica_disconnected",
				help:  "1 if this Sentinel has no connection to the replica. It is 1 for a moment at every reconnect.",
				quiet: when(0),
				value: func(r *replicaRow) (float64, bool) { return truth(r.Flags.Has(sentinel.FlagDisconnected)) },
			},
			{
				name:  "replica_link_up",
				help:  "1 if the replica's last INFO says that its link to the master is up. Absent while the replica is down, and until its first INFO.",
				value: whileLive(func(r *replicaRow) (float64, bool) { return truth(r.MasterLinkUp) }),
			},
			{
				name:  "replica_link_down_seconds",
				help:  "Seconds for which the replica's link to the master had been down at its last INFO, as this Sentinel reports them; 0 if it was up. Absent if the link was never up, while the replica is down, and until its first INFO.",
				quiet: when(0),
				value: whileLive(func(r *replicaRow) (float64, bool) { return seconds(r.MasterLinkDownTime) }),
			},
			{
				name:  "replica_priority",
				help:  "The replica's replica-priority: the lowest is promoted first, and 0 never. Until the first INFO it is Sentinel's default of 100.",
				quiet: when(100),
				value: func(r *replicaRow) (float64, bool) { return number(r.Priority) },
			},
			{
				name:  "replica_lag_bytes",
				help:  "Bytes that the replica is behind the most advanced replica that is not down, or the master where its INFO is known, as with --collector.info-cache. The offsets come from INFOs that can be 10 s apart, so a busy master shows some lag even when all is well. Absent while the replica is down, and until its first INFO.",
				value: whileLive((*replicaRow).lag),
			},
			{
				name:  "replica_promotable",
				help:  "1 if Sentinel's own rules would let it promote the replica in a failover now.",
				value: func(r *replicaRow) (float64, bool) { return truth(r.master.Unpromotable(r.Replica) == "") },
			},
			{
				name:  "replica_role_mismatch",
				help:  "1 if the replica reports that it is a master: clients may be writing to it. Normal for some seconds after a failover. 0 while it loads its data and takes no writes, if that is known. Absent until its first INFO.",
				quiet: when(0),
				value: onceInformed((*replicaRow).roleMismatch),
			},
			{
				name:  "replica_wrong_master",
				help:  "1 if the replica follows a node other than the master. Absent if it reports that it is a master, until its first INFO, and if the ports are the same, but the hosts are written differently and one of them is a name.",
				quiet: when(0),
				value: (*replicaRow).wrongMaster,
			},
			{
				name:  "replica_info_refresh_seconds",
				help:  "Seconds since this Sentinel had the replica's last INFO, as it reports them; normally about 10 or less. Absent until the first.",
				value: onceInformed(func(r *replicaRow) (float64, bool) { return seconds(r.InfoRefresh) }),
			},
		},
	}
}

// onceInformed leaves a value out until the first INFO: before it Sentinel reports defaults.
func onceInformed(value func(*replicaRow) (float64, bool)) func(*replicaRow) (float64, bool) {
	return func(r *replicaRow) (float64, bool) {
		if !r.Informed() {
			return unknown()
		}
		return value(r)
	}
}

// whileLive leaves out the value of a replica that is not live: it would be stale.
func whileLive(value func(*replicaRow) (float64, bool)) func(*replicaRow) (float64, bool) {
	return func(r *replicaRow) (float64, bool) {
		if !r.Live() {
			return unknown()
		}
		return value(r)
	}
}

// furthestOffset returns the highest offset of the live replicas and the master, whose own
// offset is known only from INFO-CACHE. A dead master counts: what a replica is behind it
// would be lost in a failover.
func (m *masterRow) furthestOffset() sentinel.Number {
	var furthest sentinel.Number
	consider := func(offset sentinel.Number) {
		if offset.Present && (!furthest.Present || offset.Value > furthest.Value) {
			furthest = offset
		}
	}
	for i := range m.Replicas {
		if r := &m.Replicas[i]; r.Live() {
			consider(r.ReplOffset)
		}
	}
	if m.RunID != "" {
		for i := range m.Cache {
			if m.Cache[i].RunID == m.RunID {
				consider(m.Cache[i].ReplOffset)
			}
		}
	}
	return furthest
}

func (r *replicaRow) lag() (float64, bool) {
	if !r.ReplOffset.Present {
		return unknown()
	}
	return float64(r.furthest.Value - r.ReplOffset.Value), true
}

func (r *replicaRow) roleMismatch() (float64, bool) {
	if r.RoleReported == "" {
		return unknown()
	}
	if info := r.master.CachedInfo(&r.Instance); info != nil && info.Loading {
		return 0, true
	}
	return truth(r.RoleReported == sentinel.RoleMaster)
}

func (r *replicaRow) wrongMaster() (float64, bool) {
	follows := r.Follows(r.master.Master)
	if !follows.Present {
		return unknown()
	}
	return truth(!follows.Value)
}
