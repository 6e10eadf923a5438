package collector

import (
	"slices"

	"redis_sentinel_exporter/sentinel"
)

const sectionDeployment = "Over the whole deployment"

// A deploymentRow is all Sentinels that were asked.
type deploymentRow struct {
	snapshots []*sentinel.Snapshot
}

func deploymentTable() table[deploymentRow] {
	return table[deploymentRow]{
		section: sectionDeployment,
		rows:    func(v *input) []deploymentRow { return []deploymentRow{{v.snapshots}} },
		metrics: []metric[deploymentRow]{
			{
				name:  "deployment_sentinels",
				help:  "Sentinels that were asked.",
				value: func(d *deploymentRow) (float64, bool) { return count(len(d.snapshots)) },
			},
			{
				name:  "deployment_sentinels_up",
				help:  "Sentinels that answered SENTINEL MASTERS within the deadline.",
				value: (*deploymentRow).up,
			},
		},
	}
}

func (d *deploymentRow) up() (float64, bool) {
	n := 0
	for _, s := range d.snapshots {
		if s.Up() {
			n++
		}
	}
	return count(n)
}

// A deploymentMasterRow is one master as all Sentinels see it that answered and
// monitor it.
type deploymentMasterRow struct {
	name      string
	addresses int
}

func deploymentMasterTable() table[deploymentMasterRow] {
	return table[deploymentMasterRow]{
		section: sectionDeployment,
		labels:  []label[deploymentMasterRow]{{labelMaster, func(m *deploymentMasterRow) string { return m.name }}},
		rows:    deploymentMasterRows,
		metrics: []metric[deploymentMasterRow]{
			{
				name:  "deployment_master_addresses",
				help:  "Distinct nodes that the Sentinels give to clients as the master; 1 if they agree. A node counts once if some give its host name and others its IP address: its run id tells. More than 1 is normal for some seconds in a failover. Absent if no Sentinel that answered monitors the master.",
				value: func(m *deploymentMasterRow) (float64, bool) { return count(m.addresses) },
			},
		},
	}
}

// deploymentMasterRows relies on the order of the input: the rows of one master are next
// to each other.
func deploymentMasterRows(v *input) []deploymentMasterRow {
	var rows []deploymentMasterRow
	var nodes []*sentinel.Instance // of the last row
	for i := range v.masters {
		m := &v.masters[i]
		if len(rows) == 0 || rows[len(rows)-1].name != m.Name {
			rows = append(rows, deploymentMasterRow{name: m.Name})
			nodes = nodes[:0]
		}
		node := m.AdvertisedNode()
		if !slices.ContainsFunc(nodes, func(other *sentinel.Instance) bool { return node.SameNode(other).Value }) {
			nodes = append(nodes, node)
		}
		rows[len(rows)-1].addresses = len(nodes)
	}
	return rows
}
