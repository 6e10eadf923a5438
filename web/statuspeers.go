package web

import (
	"slices"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// A statusPeers is a row of the matrix: what one Sentinel says about the others.
type statusPeers struct {
	Sentinel string
	Cells    []labelled
}

// peerMatrix returns the matrix of what each Sentinel says about each other one.
// At most so many are shown beside those that we ask.
func peerMatrix(views []deployment.View, most int) (columns []string, rows []statusPeers) {
	for _, v := range views {
		columns = append(columns, v.Snapshot.Sentinel)
	}
	for _, v := range views {
		for i := range v.Peers {
			if name := peerName(views, &v.Peers[i]); len(columns) < len(views)+most && !slices.Contains(columns, name) {
				columns = append(columns, name)
			}
		}
	}
	slices.Sort(columns[len(views):]) // those that are not asked come last
	for _, v := range views {
		row := statusPeers{Sentinel: v.Snapshot.Sentinel}
		for _, column := range columns {
			row.Cells = append(row.Cells, labelled{column, peerCell(views, v, column)})
		}
		rows = append(rows, row)
	}
	return columns, rows
}

// peerName returns the address at which the exporter asks the peer, or else the one at which
// the Sentinels know it.
func peerName(views []deployment.View, p *sentinel.Peer) string {
	for _, v := range views {
		if v.Snapshot.ID != "" && v.Snapshot.ID == p.RunID {
			return v.Snapshot.Sentinel
		}
	}
	return p.Addr
}

func peerCell(views []deployment.View, v deployment.View, name string) cell {
	if v.Snapshot.Sentinel == name {
		return cell{Text: "itself"}
	}
	for i := range v.Peers {
		p := &v.Peers[i]
		switch {
		case peerName(views, p) != name:
		case p.Flags.Has(sentinel.FlagSDown):
			return cell{Text: "down " + age(p.SDownTime), Bad: true}
		case p.Flags.Has(sentinel.FlagDisconnected):
			return cell{Text: "connecting"}
		default:
			return cell{Text: "up"}
		}
	}
	return cell{Text: "unknown", Bad: v.PeersErr == nil}
}
