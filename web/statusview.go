package web

import (
	"fmt"

	"redis_sentinel_exporter/sentinel"
)

// A statusView is the row with one Sentinel's view of a master.
type statusView struct {
	Sentinel string
	Silent   string // why there is no view; then there are no cells
	Cells    []labelled
	Notes    []string
}

func newStatusView(s *sentinel.Snapshot, m *sentinel.Master) statusView {
	row := statusView{Sentinel: s.Sentinel}
	switch {
	case !s.Up():
		row.Silent = "did not answer: " + silence(s)
		return row
	case m == nil:
		row.Silent = "does not monitor this master"
		return row
	}
	usable := cell{Text: "?"}
	if m.CKQuorum != nil {
		usable = cell{Text: fmt.Sprintf("%d of %d", m.CKQuorum.Usable, m.Voters().Value), Bad: !m.CKQuorum.OK()}
	}
	margin := m.Margin()
	promotable, atLeast := m.PromotableReplicas(), ""
	if promotable.Present && m.HasHiddenReplicas() {
		atLeast = "at least "
	}
	row.Cells = []labelled{
		{"Master", cell{Text: m.Advertised()}},
		{"Epoch", cell{Text: number(m.ConfigEpoch)}},
		{"State", masterState(m)},
		{"Quorum", cell{Text: number(m.Quorum)}},
		{"Usable Sentinels", usable},
		{"Can still fail", cell{Text: number(margin), Bad: margin.Present && margin.Value < 0}},
		{"Promotable replicas", cell{Text: fmt.Sprintf("%s%s of %s", atLeast, number(promotable), number(m.NumReplicas)), Bad: promotable.Present && promotable.Value == 0}},
	}
	row.Notes = notes(s, m)
	return row
}

// masterState says in words what the flags of the master mean.
func masterState(m *sentinel.Master) cell {
	switch {
	case m.Flags.Has(sentinel.FlagODown):
		return cell{Text: "objectively down " + age(m.ODownTime) + failover(m), Bad: true}
	case m.Flags.Has(sentinel.FlagSDown):
		return cell{Text: "down " + age(m.SDownTime) + failover(m), Bad: true}
	case m.Flags.Has(sentinel.FlagFailoverInProgress):
		return cell{Text: "up" + failover(m)}
	case m.Flags.Has(sentinel.FlagDisconnected):
		return cell{Text: "not connected"}
	case m.RoleReported == sentinel.RoleReplica:
		return cell{Text: "up, reports that it is a replica", Bad: true}
	}
	return cell{Text: "up"}
}

func failover(m *sentinel.Master) string {
	if !m.Flags.Has(sentinel.FlagFailoverInProgress) {
		return ""
	}
	return ", failing over (" + m.FailoverState.String() + ")"
}

// notes returns what the reader must know before trusting the row.
func notes(s *sentinel.Snapshot, m *sentinel.Master) []string {
	var notes []string
	if s.Tilt() {
		notes = append(notes, "TILT: it detects no failures, and its states are frozen")
	}
	if s.Info != nil && s.Info.Uptime.Present && s.Info.Uptime.Value < m.DownAfter.Value {
		notes = append(notes, "just started: it has not had time to detect failures")
	}
	return notes
}

// markDifferences marks the cells that differ from what most Sentinels say.
func markDifferences(rows []statusView) {
	for column := 0; ; column++ {
		votes := map[string]int{}
		most := ""
		for _, row := range rows {
			if column >= len(row.Cells) {
				continue
			}
			text := row.Cells[column].Text
			votes[text]++
			if most == "" || votes[text] > votes[most] {
				most = text
			}
		}
		if len(votes) == 0 {
			return
		}
		for _, row := range rows {
			if column < len(row.Cells) && row.Cells[column].Label != "State" { // its times differ
				row.Cells[column].Differs = row.Cells[column].Text != most
			}
		}
	}
}
