package health

import (
	"slices"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/sentinel"
)

// Assess reports on a deployment, given one snapshot of each of its Sentinels. The map says
// which hosts are one machine; it may be nil.
func Assess(snapshots []*sentinel.Snapshot, hosts canstop.HostMap) Report {
	d := newModel(snapshots, hosts)
	r := Report{Asked: len(d.asked), Answered: len(d.up), Masters: make([]MasterReport, len(d.masters))}
	var found []witnessedFinding
	for _, c := range deploymentChecks() {
		result := c.run(d)
		r.Checks = append(r.Checks, result.status(c.Name))
		found = append(found, result.named(c.Check, "")...)
	}
	sortFindings(found)
	r.Findings = findingsOf(found)
	checks := masterChecks()
	for i, m := range d.masters {
		r.Masters[i] = m.report(checks, found)
	}
	r.conclude()
	return r
}

// report runs every check on one master. It needs the findings on the deployment, as causes.
func (m *masterModel) report(checks []entry[*masterModel], onDeployment []witnessedFinding) MasterReport {
	r := MasterReport{Name: m.Name, Address: m.believed().Advertised(), FailoverInProgress: m.failingNow}
	for _, v := range m.Views {
		r.Replicas = max(r.Replicas, replicas(v))
		r.Promotable = max(r.Promotable, promotable(v))
		r.Hidden = max(r.Hidden, int(v.HiddenReplicas()))
	}
	if margin := m.margin(); margin.Present {
		n := int(margin.Value)
		r.Margin = &n
	}
	if h := m.hostLoss(); h.Known {
		n := len(h.Hosts)
		r.HostLoss = &n
	}
	r.Checks = make([]Result, 0, len(checks))
	var found []witnessedFinding
	for _, c := range checks {
		result := c.run(m)
		if waitsForDownAfter(c.Name) {
			result.downgrade()
		}
		r.Checks = append(r.Checks, result.status(c.Name))
		found = append(found, result.named(c.Check, m.Name)...)
	}
	m.explain(onDeployment, found)
	sortFindings(found)
	r.Findings = findingsOf(found)
	for _, c := range r.Checks {
		r.Status = worse(r.Status, c.Status)
	}
	r.Summary = r.summary(findingsOf(onDeployment))
	return r
}

// conclude sets the overall status and summary from those of the parts.
func (r *Report) conclude() {
	r.Status = OK
	for _, c := range r.Checks {
		r.Status = worse(r.Status, c.Status)
	}
	for i := range r.Masters {
		r.Status = worse(r.Status, r.Masters[i].Status)
	}
	if r.Answered == 0 {
		r.Status = Unknown
	}
	r.Summary = r.summary()
}

// waitsForDownAfter reports whether a check depends on who is down, which a Sentinel that
// has just started cannot know until down-after has passed.
func waitsForDownAfter(check string) bool {
	return slices.Contains([]string{
		"master_odown", "agreement_missing", "master_sdown", "quorum_unreachable", "majority_unreachable", "quorum_fragile",
		"no_promotable_replica", "failover_stuck", "ghost_sentinels", "ghost_replicas", "peers_unreachable", "replica_down",
	}, check)
}
