package health

import (
	"cmp"
	"slices"
)

// A Group is a finding together with those that follow from it, directly or through others.
type Group struct {
	Cause        Finding
	Consequences []Finding // the worst first
}

// severity returns the worst severity in the group: a consequence can be worse than its cause.
func (g *Group) severity() Status {
	worst := g.Cause.Severity
	for i := range g.Consequences {
		worst = worse(worst, g.Consequences[i].Severity)
	}
	return worst
}

// grouped puts each finding under its cause, if that is one of the findings. The worst group
// comes first; groups that are equally bad keep their order.
func grouped(findings []Finding) []Group {
	first := make(map[Cause]int, len(findings)) // the first finding with that name
	for i := range findings {
		if _, found := first[findings[i].asCause()]; !found {
			first[findings[i].asCause()] = i
		}
	}
	var groups []Group
	group := make(map[int]int) // index in groups by the cause's index in findings
	for i := range findings {
		if root(findings, first, i) == i {
			group[i] = len(groups)
			groups = append(groups, Group{Cause: findings[i]})
		}
	}
	for i := range findings {
		if r := root(findings, first, i); r != i {
			g := &groups[group[r]]
			g.Consequences = append(g.Consequences, findings[i])
		}
	}
	for i := range groups {
		sortFindings(groups[i].Consequences)
	}
	slices.SortStableFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.severity().rank(), a.severity().rank()), cmp.Compare(b.Cause.Severity.rank(), a.Cause.Severity.rank()))
	})
	return groups
}

// root returns the index of the first cause: it follows the first known cause of each finding.
func root(findings []Finding, first map[Cause]int, i int) int {
	for range findings { // a limit, in case findings follow from each other
		next := i
		for _, c := range findings[i].FollowsFrom {
			if k, found := first[c]; found {
				next = k
				break
			}
		}
		if next == i {
			break
		}
		i = next
	}
	return i
}

// flattened lists each cause before what follows from it.
func flattened(groups []Group) []Finding {
	var all []Finding
	for i := range groups {
		all = append(append(all, groups[i].Cause), groups[i].Consequences...)
	}
	return all
}

// sortFindings puts the worst first; findings that are equally bad stay in the order of the
// table.
func sortFindings[F interface{ rank() int }](findings []F) {
	slices.SortStableFunc(findings, func(a, b F) int { return cmp.Compare(b.rank(), a.rank()) })
}

func (f Finding) rank() int { return f.Severity.rank() }

// groups groups the findings on the master, together with the findings on the deployment
// that one of them follows from.
func (m *MasterReport) groups(onDeployment []Finding) []Group {
	isCause := func(f Finding) bool {
		return slices.ContainsFunc(m.Findings, func(effect Finding) bool { return slices.Contains(effect.FollowsFrom, f.asCause()) })
	}
	causes := slices.DeleteFunc(slices.Clone(onDeployment), func(f Finding) bool { return !isCause(f) })
	return grouped(slices.Concat(causes, m.Findings))
}
