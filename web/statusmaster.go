package web

import (
	"fmt"
	"net/url"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/history"
	"redis_sentinel_exporter/sentinel"
)

// A statusMaster is the section about one master.
type statusMaster struct {
	*health.MasterReport
	ID       string // of the HTML element
	Link     string // to the page with this master only
	Name     string
	Badge    badge
	Sentence string
	Open     bool
	Margin   string
	Rows     []statusView
	Replicas []statusReplica
	// MoreReplicas are not shown.
	MoreReplicas int
	Peers        []string // the columns of the matrix
	Sees         []statusPeers
	Checks       []statusCheck
	Last         *lastFailover    // nil if there was none
	Preflight    *statusPreflight // nil if the data nodes are not asked
}

// A lastFailover is the last failover of a master in one line.
type lastFailover struct{ When, Machine, Text, Link string }

// A statusCheck is the result of one check.
type statusCheck struct {
	health.Result
	Badge badge
}

func newStatusMaster(of string, snapshots []*sentinel.Snapshot, r *health.Report, i int, many bool, most int) statusMaster {
	m := &r.Masters[i]
	query := url.Values{"master": {m.Name}}
	if of != "" {
		query.Set(deploymentParameter, of)
	}
	v := statusMaster{
		MasterReport: m, ID: fmt.Sprintf("master-%d", i), Link: "status?" + query.Encode(),
		Name: health.Printable(m.Name), Badge: badgeOf(m.Status), Open: !many || m.Status != health.OK,
		Sentence: m.Sentence(r.Findings), Margin: "unknown",
	}
	if m.Margin != nil {
		v.Margin = fmt.Sprint(*m.Margin)
	}
	for _, s := range snapshots {
		v.Rows = append(v.Rows, newStatusView(s, s.Master(m.Name)))
	}
	markDifferences(v.Rows)
	views := deployment.ViewsOf(snapshots, m.Name)
	v.Replicas = statusReplicas(views)
	v.MoreReplicas = max(0, len(v.Replicas)-most)
	v.Replicas = v.Replicas[:len(v.Replicas)-v.MoreReplicas]
	v.Peers, v.Sees = peerMatrix(views, most)
	for _, c := range m.Checks {
		v.Checks = append(v.Checks, statusCheck{c, badgeOf(c.Status)})
	}
	return v
}

// addLastFailovers adds the last failover of each master. A nil history has none.
func (d *statusData) addLastFailovers(h *history.History, query url.Values) {
	if h == nil {
		return
	}
	last := h.Last()
	for i := range d.Masters {
		m := &d.Masters[i]
		r, had := last[history.Name(m.MasterReport.Name)]
		if !had {
			continue
		}
		link := url.Values{"master": {m.MasterReport.Name}}
		if query.Has(deploymentParameter) {
			link.Set(deploymentParameter, query.Get(deploymentParameter))
		}
		m.Last = &lastFailover{
			When: r.Started.Local().Format("2006-01-02 15:04:05 MST"), Machine: r.Started.Format("2006-01-02T15:04:05.000Z07:00"),
			Text: r.Headline(), Link: "history?" + link.Encode() + "#f-" + r.ID,
		}
	}
}
