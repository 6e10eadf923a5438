package admin

import (
	"fmt"
	"slices"
	"strings"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// The findings of this package, which no check of health makes.
const (
	checkFailoverInProgress = "failover_in_progress"
	checkAddressTaken       = "address_taken"
	checkMonitoredElsewhere = "monitored_elsewhere"
	checkRemovedElsewhere   = "removed_elsewhere"
	checkNotAsked           = "sentinel_not_asked"
	checkMoveRefused        = "move_refused"
	checkMoveLosesData      = "move_loses_data"
	checkMoveIncomplete     = "move_incomplete"
	checkSettingsForgotten  = "settings_forgotten"
	checkSettingsDefault    = "settings_default"
	checkNotFollowed        = "failover_not_followed"
	checkClientsNotice      = "clients_notice"
	checkHeirOutdated       = "heir_outdated"
	checkOldMasterWritable  = "old_master_writable"
)

const (
	runbookGuards   = "docs/admin.md#guards"
	runbookSettings = "docs/admin.md#settings"
	runbookMoving   = "docs/admin.md#moving-a-name"
)

// guards returns the reasons not to do an operation.
func guards(op *Operation, s *assessment) []health.Finding {
	switch op.Action {
	case Failover:
		return slices.Concat(inProgress(op, s), tilt(op, s), disagreement(op, s), picked(op, s, "node_listed_twice"), noReplica(op, s), outdatedHeir(op, s), losesData(op, s))
	case Reset:
		return slices.Concat(inProgress(op, s), masterDown(op, s))
	case Monitor:
		if op.Move {
			return slices.Concat(inProgress(op, s), tilt(op, s), disagreement(op, s), notAsked(op, s), addressTaken(op, s))
		}
		return slices.Concat(addressTaken(op, s), monitoredElsewhere(op, s), removedElsewhere(op, s))
	default:
		return nil
	}
}

// about returns a finding of this package.
func about(op *Operation, check, hint, format string, args ...any) health.Finding {
	return health.Finding{
		Check: check, Severity: health.Critical, Master: op.Master,
		Message: fmt.Sprintf(format, args...), Hint: hint, Runbook: runbookGuards,
	}
}

// picked returns the findings of some checks on the master.
func picked(op *Operation, s *assessment, checks ...string) []health.Finding {
	m := s.report.ByName(op.Master)
	if m == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(m.Findings), func(f health.Finding) bool { return !slices.Contains(checks, f.Check) })
}

func inProgress(op *Operation, s *assessment) []health.Finding {
	var found []health.Finding
	for _, v := range s.views(op.Master) {
		if v.Flags.Has(sentinel.FlagFailoverInProgress) {
			f := about(op, checkFailoverInProgress, "Wait until it ends.",
				"a failover is in progress, which Sentinel %s leads (failover state: %s)", v.Snapshot.Sentinel, v.FailoverState)
			f.Sentinel = v.Snapshot.Sentinel
			found = append(found, f)
		}
	}
	return found
}

// sinceThen returns findings if what the Sentinels say now is that somebody else has begun or ended a
// failover since then.
func sinceThen(op *Operation, then, now *assessment) []health.Finding {
	found := inProgress(op, now)
	for _, is := range now.views(op.Master) {
		for _, was := range then.views(op.Master) {
			if was.Snapshot.Sentinel != is.Snapshot.Sentinel || is.Flags.Has(sentinel.FlagFailoverInProgress) || is.ConfigEpoch.Value <= was.ConfigEpoch.Value {
				continue
			}
			f := about(op, checkFailoverInProgress, "Look whether the new master is the one that you want.",
				"another failover has just ended: Sentinel %s named %s and names %s now", is.Snapshot.Sentinel, was.Advertised(), is.Advertised())
			f.Sentinel = is.Snapshot.Sentinel
			found = append(found, f)
		}
	}
	return found
}

// tilt returns the findings on Sentinels that monitor the master and are in TILT.
func tilt(op *Operation, s *assessment) []health.Finding {
	views := s.views(op.Master)
	return slices.DeleteFunc(slices.Clone(s.report.Findings), func(f health.Finding) bool {
		monitors := func(v deployment.View) bool { return v.Snapshot.Sentinel == f.Sentinel }
		return f.Check != "sentinel_tilt" || !slices.ContainsFunc(views, monitors)
	})
}

// disagreement does not give the Sentinels time to agree, unlike the check: until they
// agree, a failover is not safe.
func disagreement(op *Operation, s *assessment) []health.Finding {
	critical := func(f health.Finding) bool { return f.Severity == health.Critical }
	if found := picked(op, s, "master_disagreement"); slices.ContainsFunc(found, critical) {
		return found
	}
	groups := deployment.ByNode(s.views(op.Master))
	if len(groups) < 2 {
		return nil
	}
	addresses := make([]string, len(groups))
	for i, g := range groups {
		addresses[i] = g[0].Advertised()
	}
	return []health.Finding{about(op, "master_disagreement", "Wait until they agree.",
		"the Sentinels do not yet agree on the master: %s", strings.Join(addresses, ", "))}
}

func noReplica(op *Operation, s *assessment) []health.Finding {
	m := s.report.ByName(op.Master)
	if m == nil || m.Promotable > 0 || s.hasHiddenReplicas(op.Master) {
		return nil
	}
	if found := picked(op, s, "no_promotable_replica"); len(found) > 0 {
		return found
	}
	return []health.Finding{about(op, "no_promotable_replica", "Wait until the Sentinels have found its replicas.",
		"no Sentinel sees a replica that it could promote; %d are known", m.Replicas)}
}

// outdatedHeir looks for a Sentinel that would promote a replica which another one knows to be
// excluded. It is a reason only if all would: another Sentinel can lead.
func outdatedHeir(op *Operation, s *assessment) []health.Finding {
	var found []health.Finding
	for _, v := range s.views(op.Master) {
		if v.Heir() == nil {
			continue
		}
		knows := s.contradiction(v)
		if knows == nil {
			return nil
		}
		found = append(found, heirExcluded(op, v, knows.Addr, "Sentinel "+knows.By.Snapshot.Sentinel+" has"))
	}
	return found
}

func heirExcluded(op *Operation, v deployment.View, heir, who string) health.Finding {
	f := about(op, checkHeirOutdated, "Wait 10 s, until it has heard as well.",
		"Sentinel %s would promote %s, and has not heard yet that its replica-priority is 0: %s", v.Snapshot.Sentinel, heir, who)
	f.Sentinel = v.Snapshot.Sentinel
	return f
}

// losesData does not give replicas time to synchronize, unlike the check.
func losesData(op *Operation, s *assessment) []health.Finding {
	const check = "failover_loses_data"
	if found := picked(op, s, check); len(found) > 0 {
		return found
	}
	for _, v := range s.views(op.Master) {
		if heir := v.Heir(); heir != nil && heir.NeverSynchronized() {
			return []health.Finding{about(op, check, "Wait until it has synchronized.",
				"Sentinel %s would promote %s, which has not synchronized with the master yet", v.Snapshot.Sentinel, heir.Addr)}
		}
	}
	return nil
}

// masterDown also guards if it is unknown whether the master is up. If it is down at a RESET,
// the Sentinels cannot find its replicas again.
func masterDown(op *Operation, s *assessment) []health.Finding {
	found := picked(op, s, "master_odown", "master_sdown")
	m := s.report.ByName(op.Master)
	if len(found) > 0 || m == nil {
		return found
	}
	for _, c := range m.Checks {
		if c.Check == "master_sdown" && c.Status == health.Unknown {
			return []health.Finding{about(op, c.Check, "Wait until a Sentinel sees the master.", "it is unknown whether the master is up: %s", c.Reason)}
		}
	}
	return nil
}

// addressTaken looks for the address among the nodes of the other masters.
func addressTaken(op *Operation, s *assessment) []health.Finding {
	var found []health.Finding
	var names []string
	for _, v := range s.snapshots {
		for i := range v.Masters {
			m := &v.Masters[i]
			role := s.roleOf(m, op.Address)
			if m.Name == op.Master || role == "" || slices.Contains(names, m.Name) {
				continue
			}
			names = append(names, m.Name)
			found = append(found, about(op, checkAddressTaken,
				"Give the address of this master's own node. A failover of either master would take the node, and the data, from the other.",
				"%s is already the %s of %q, according to Sentinel %s", op.Address, role, m.Name, v.Sentinel))
		}
	}
	return found
}

// stayBehind is why a name is not given another address by MONITOR alone.
const stayBehind = "MONITOR publishes no +switch-master, so most clients go on writing to the node that they know"

// monitoredElsewhere looks for Sentinels that have the name at another address, be it that the name was
// removed at some only: the others would take it for another master, and the clients as well.
func monitoredElsewhere(op *Operation, s *assessment) []health.Finding {
	var found []health.Finding
	for _, v := range s.views(op.Master) {
		if same, err := s.hosts.sameAddress(v.Advertised(), op.Address); err != nil || same {
			continue
		}
		f := about(op, checkMonitoredElsewhere, "Give that address, fail over to a replica of it, or move the name (--move; move=true).",
			"the Sentinel %s monitors that name at %s: %s", v.Snapshot.Sentinel, v.Advertised(), stayBehind)
		f.Sentinel, f.Runbook = v.Snapshot.Sentinel, runbookMoving
		found = append(found, f)
	}
	return found
}

// removedElsewhere tells of a name that no Sentinel monitors, and that was removed at another address.
func removedElsewhere(op *Operation, s *assessment) []health.Finding {
	if s.removed == "" || len(s.views(op.Master)) > 0 {
		return nil
	}
	if same, err := s.hosts.sameAddress(s.removed, op.Address); err != nil || same {
		return nil
	}
	f := about(op, checkRemovedElsewhere, "Give the old address, and then fail over or move the name (--move; move=true). Force it if no client that knew the old address is left.",
		"the name was removed while it was monitored at %s: %s", s.removed, stayBehind)
	f.Runbook = runbookMoving
	return []health.Finding{f}
}

// notAsked tells of Sentinels that would keep the name where it is, and tell the others so.
func notAsked(op *Operation, s *assessment) []health.Finding {
	const hint = "Bring it back, or RESET the name if it is gone for good."
	var found []health.Finding
	for _, v := range s.snapshots {
		if !v.Up() {
			found = append(found, about(op, checkNotAsked, hint, "the Sentinel %s does not answer: it would give the name back to the old node", v.Sentinel))
		}
	}
	views := s.views(op.Master)
	if len(views) == 0 {
		found = append(found, about(op, checkMoveRefused, "Monitor it without --move (move=true).", "no Sentinel that answered monitors the name, which so cannot be moved"))
	}
	for _, v := range views {
		if others := int64(len(views) - 1); v.NumOtherSentinels.Value > others {
			return append(found, about(op, checkNotAsked, hint, "the Sentinel %s knows %d others, and %d were asked: one that was not would give the name back to the old node",
				v.Snapshot.Sentinel, v.NumOtherSentinels.Value, others))
		}
	}
	return found
}

// roleOf returns the role of the node at addr under a master; empty if it has none.
func (s *assessment) roleOf(m *sentinel.Master, addr string) string {
	is := func(node *sentinel.Instance) bool {
		same, err := s.hosts.sameAddress(node.Addr, addr)
		return same && err == nil
	}
	if is(&m.Instance) {
		return "master"
	}
	for i := range m.Replicas {
		if is(&m.Replicas[i].Instance) {
			return "replica"
		}
	}
	return ""
}
