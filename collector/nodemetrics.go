package collector

import (
	"slices"

	"redis_sentinel_exporter/sentinel"
)

// A nodeRow is the INFO of one data node in the cache of one Sentinel.
type nodeRow struct {
	*sentinel.CachedInfo
	addr   string
	master *masterRow
}

// nodeRows leaves out INFOs whose node is not known: INFO-CACHE has no addresses, and
// after a switch the Sentinel may hold an INFO with a run id that no node has. It then
// also has two INFOs of the old master, from before and after it became a replica; the
// newer counts.
func nodeRows(v *input) []nodeRow {
	var rows []nodeRow
	for i := range v.masters {
		m := &v.masters[i]
		own := len(rows)
		for k := range m.Cache {
			row := nodeRow{&m.Cache[k], m.nodeAddr(m.Cache[k].RunID), m}
			other := slices.IndexFunc(rows[own:], func(r nodeRow) bool { return r.addr == row.addr })
			switch {
			case row.addr == "":
			case other < 0:
				rows = append(rows, row)
			case row.Age.Value < rows[own+other].Age.Value:
				rows[own+other] = row
			}
		}
	}
	return rows
}

// nodeAddr returns the address of the process with that run id, or "". If the process is
// known at two addresses, one of them is out of date, and it returns the live one.
func (m *masterRow) nodeAddr(runID string) string {
	if runID == "" {
		return ""
	}
	if m.RunID == runID {
		return m.Addr
	}
	addr := ""
	for i := range m.Replicas {
		r := &m.Replicas[i]
		if r.RunID == runID && (addr == "" || r.Live()) {
			addr = r.Addr
		}
	}
	return addr
}

func nodeTable() table[nodeRow] {
	return table[nodeRow]{
		section: "Per data node, from the INFO that a Sentinel holds (`--collector.info-cache`)",
		labels: []label[nodeRow]{
			{labelMaster, func(n *nodeRow) string { return n.master.Name }},
			{"node", func(n *nodeRow) string { return n.addr }},
			{labelSentinel, func(n *nodeRow) string { return n.master.Snapshot.Sentinel }},
		},
		rows: nodeRows,
		metrics: []metric[nodeRow]{
			{
				name:  "node_info",
				help:  "Always 1; the labels are the node's role (master or slave), its replication id, its product (redis or valkey) and that product's version.",
				value: always[nodeRow],
				info: []label[nodeRow]{
					{"role", func(n *nodeRow) string { return n.Role }},
					{"replication_id", func(n *nodeRow) string { return n.ReplicationID }},
					{"version", func(n *nodeRow) string { return n.Version }},
					{"product", func(n *nodeRow) string { return n.Product }},
				},
			},
			{
				name:  "node_replication_offset_bytes",
				help:  "Replication offset of the node in bytes, in the INFO whose age is node_info_age_seconds. Absent if the INFO has none.",
				value: func(n *nodeRow) (float64, bool) { return number(n.ReplOffset) },
			},
			{
				name:  "node_info_age_seconds",
				help:  "Age in seconds of the INFO that the Sentinel has cached of the node, as it reports it; normally about 10 or less. A dead node keeps its last one.",
				value: func(n *nodeRow) (float64, bool) { return seconds(n.Age) },
			},
		},
	}
}
