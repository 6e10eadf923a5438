package web

import (
	"fmt"
	"net/url"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
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
	Peers    []string // the columns of the matrix
	Sees     []statusPeers
	Checks   []statusCheck
}

// A statusCheck is the result of one check.
type statusCheck struct {
	health.Result
	Badge badge
}

func newStatusMaster(of string, snapshots []*sentinel.Snapshot, r *health.Report, i int, many bool) statusMaster {
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
	v.Peers, v.Sees = peerMatrix(views)
	for _, c := range m.Checks {
		v.Checks = append(v.Checks, statusCheck{c, badgeOf(c.Status)})
	}
	return v
}
