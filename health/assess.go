package health

import (
	"context"
	"fmt"
	"slices"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/sentinel"
)

// Bounds on what a report holds, however much is wrong: the status counts the others, too.
const (
	maxFindings = 5_000 // of all masters
	maxOfCheck  = 50    // of one check on one master
)

// Assess reports on a deployment, given one snapshot of each of its Sentinels. The map says
// which hosts are one machine; it may be nil.
func Assess(snapshots []*sentinel.Snapshot, hosts canstop.HostMap) Report {
	r, _ := AssessContext(context.Background(), snapshots, hosts, Elsewhere{}) // which does not end
	return r
}

// Elsewhere is what other deployments have as well, which is a mistake: in words, which those are,
// by an id. Nil maps are of one that shares nothing, or of which nobody knows.
type Elsewhere struct {
	Sentinels    map[string]string // given for both, by the id of the Sentinel
	Strays       map[string]string // given for this one, and monitors only masters of the other one
	Given        map[string]string // given for the other one, and monitors only masters of this one
	Peers        map[string]string // of the other one, and those of this one take them for theirs
	Taken        map[string]string // given for this one, and those of the other one take them for theirs
	Nodes        map[string]string // by the run id of the data node
	Replications map[string]string // by the replication id
}

// AssessContext is Assess that ends with ctx, and knows what other deployments have; the error is
// then that of ctx, and the report is of no use.
func AssessContext(ctx context.Context, snapshots []*sentinel.Snapshot, hosts canstop.HostMap, elsewhere Elsewhere) (Report, error) {
	d := newModel(snapshots, hosts)
	d.elsewhere = elsewhere
	r := Report{Asked: len(d.asked), Answered: len(d.up), Masters: make([]MasterReport, len(d.masters))}
	var found []witnessedFinding
	onDeployment := deploymentChecks()
	r.Checks = make([]Result, len(onDeployment))
	for i := range onDeployment {
		c := &onDeployment[i]
		result := c.run(d)
		r.Checks[i] = result.status(c.Name)
		found = append(found, result.named(&c.Check, "")...)
	}
	sortFindings(found)
	r.Findings = findingsOf(found)
	checks := masterChecks()
	allFine := make([]Result, len(checks))
	for i := range checks {
		allFine[i].Check = checks[i].Name
	}
	for i, m := range d.masters {
		if err := ctx.Err(); err != nil {
			return Report{}, fmt.Errorf("the checks have taken too long: %w", err)
		}
		r.Masters[i] = m.report(checks, allFine, found, &r)
	}
	r.conclude()
	return r, nil
}

// report runs every check on one master. It needs the results of one without a fault, which most masters
// share, and what was found on the deployment, as causes.
func (m *masterModel) report(checks []entry[*masterModel], allFine []Result, onDeployment []witnessedFinding, whole *Report) MasterReport {
	r := MasterReport{Name: m.Name, Address: m.believed().Advertised(), FailoverInProgress: m.failingNow, Promotable: m.promotable}
	for _, v := range m.Views {
		r.Replicas = max(r.Replicas, replicas(v))
		r.Hidden = max(r.Hidden, int(v.HiddenReplicas()))
	}
	if margin := m.margin(); margin.Present {
		n := int(margin.Value)
		r.Margin = &n
	}
	if m.losses = m.model.layout.HostLoss(m.place); m.losses.Known {
		n := len(m.losses.Hosts)
		r.HostLoss = &n
	}
	r.Checks = allFine
	var found []witnessedFinding
	for i := range checks {
		c := &checks[i]
		result := c.run(m)
		if result.fine() {
			continue
		}
		if c.waits {
			result.downgrade()
		}
		if r.Status == OK { // it is the first that is not
			r.Checks = slices.Clone(allFine)
		}
		r.Checks[i] = result.status(c.Name)
		r.Status = worse(r.Status, r.Checks[i].Status)
		fit := result.named(&c.Check, m.Name)
		fit = fit[:min(len(fit), m.model.left)]
		m.model.left -= len(fit)
		whole.Omitted += len(result.found) - len(fit) + result.more
		found = append(found, fit...)
	}
	m.explain(onDeployment, found)
	sortFindings(found)
	r.Findings = findingsOf(found)
	r.Summary = r.summary(whole.Findings)
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
	switch check {
	case "master_odown", "agreement_missing", "master_sdown", "quorum_unreachable", "majority_unreachable", "quorum_fragile",
		"no_promotable_replica", "failover_stuck", "ghost_sentinels", "ghost_replicas", "peers_unreachable", "replica_down":
		return true
	}
	return false
}
