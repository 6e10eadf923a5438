package collector

import "redis_sentinel_exporter/sentinel"

// A peerRow is one Sentinel as another one sees it, for one master.
type peerRow struct {
	*sentinel.Peer
	master *masterRow
}

func peerRows(v *input) []peerRow {
	n := 0
	for i := range v.masters {
		n += len(v.masters[i].Peers)
	}
	rows := make([]peerRow, 0, n)
	for i := range v.masters {
		m := &v.masters[i]
		for k := range m.Peers {
			rows = append(rows, peerRow{&m.Peers[k], m})
		}
	}
	return rows
}

func peerTable() table[peerRow] {
	return table[peerRow]{
		section: "Per peer: a Sentinel as another Sentinel sees it",
		labels: []label[peerRow]{
			{labelMaster, func(p *peerRow) string { return p.master.Name }},
			{"peer", func(p *peerRow) string { return p.Addr }},
			{labelSentinel, func(p *peerRow) string { return p.master.Snapshot.Sentinel }},
		},
		rows: peerRows,
		metrics: []metric[peerRow]{
			{
				name:  "peer_info",
				help:  "Always 1; the label is the lasting id of the peer.",
				value: always[peerRow],
				info:  []label[peerRow]{{"sentinel_id", func(p *peerRow) string { return p.RunID }}},
			},
			{
				name:  "peer_ok",
				help:  "1 if the peer is usable, as SENTINEL CKQUORUM counts: this Sentinel does not consider it down. Frozen while tilt is 1.",
				quiet: when(1),
				value: func(p *peerRow) (float64, bool) { return truth(peerOK(p.Peer)) },
			},
			{
				name:  "peer_sdown",
				help:  "1 if this Sentinel considers the peer down. Frozen while tilt is 1.",
				quiet: when(0),
				value: func(p *peerRow) (float64, bool) { return truth(p.Flags.Has(sentinel.FlagSDown)) },
			},
			{
				name:  "peer_disconnected",
				help:  "1 if this Sentinel has no connection to the peer. It is 1 for a moment at every reconnect.",
				quiet: when(0),
				value: func(p *peerRow) (float64, bool) { return truth(p.Flags.Has(sentinel.FlagDisconnected)) },
			},
			{
				name:  "peer_last_hello_seconds",
				help:  "Seconds since the peer's last hello message, as this Sentinel reports them; normally about 4 or less. Hellos come through the data nodes: if they arrive from a peer that is down, the Sentinels cannot reach each other directly.",
				value: func(p *peerRow) (float64, bool) { return seconds(p.LastHello) },
			},
		},
	}
}

// peerOK reports whether CKQUORUM counts the peer as usable. A missing connection does not
// matter for that (sentinelIsQuorumReachable in src/sentinel.c).
func peerOK(p *sentinel.Peer) bool { return !p.Flags.Any(down) }
