package health

import (
	"cmp"
	"slices"
)

// A Problem is a finding together with those that follow from it, directly or through others.
type Problem struct {
	Cause        Finding
	Consequences []Finding // the worst first
}

// severity returns the worst severity in the problem: a consequence can be worse than its cause.
func (p *Problem) severity() Status {
	worst := p.Cause.Severity
	for i := range p.Consequences {
		worst = worse(worst, p.Consequences[i].Severity)
	}
	return worst
}

// problemsOf puts each finding under its cause, if that is one of the findings. The worst problem
// comes first; those that are equally bad keep their order.
func problemsOf(findings []Finding) []Problem {
	first := make(map[Cause]int, len(findings)) // the first finding with that name
	for i := range findings {
		if _, found := first[findings[i].asCause()]; !found {
			first[findings[i].asCause()] = i
		}
	}
	var problems []Problem
	place := make(map[int]int) // index in problems by the cause's index in findings
	for i := range findings {
		if root(findings, first, i) == i {
			place[i] = len(problems)
			problems = append(problems, Problem{Cause: findings[i]})
		}
	}
	for i := range findings {
		if r := root(findings, first, i); r != i {
			p := &problems[place[r]]
			p.Consequences = append(p.Consequences, findings[i])
		}
	}
	for i := range problems {
		sortFindings(problems[i].Consequences)
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(b.severity().rank(), a.severity().rank()), cmp.Compare(b.Cause.Severity.rank(), a.Cause.Severity.rank()))
	})
	return problems
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
func flattened(problems []Problem) []Finding {
	var all []Finding
	for i := range problems {
		all = append(append(all, problems[i].Cause), problems[i].Consequences...)
	}
	return all
}

// sortFindings puts the worst first; findings that are equally bad stay in the order of the
// table.
func sortFindings[F interface{ rank() int }](findings []F) {
	slices.SortStableFunc(findings, func(a, b F) int { return cmp.Compare(b.rank(), a.rank()) })
}

func (f Finding) rank() int { return f.Severity.rank() }

// problems returns the findings on the master, each under its cause, together with the findings on the deployment
// that one of them follows from.
func (m *MasterReport) problems(onDeployment []Finding) []Problem {
	isCause := func(f Finding) bool {
		return slices.ContainsFunc(m.Findings, func(effect Finding) bool { return slices.Contains(effect.FollowsFrom, f.asCause()) })
	}
	causes := slices.DeleteFunc(slices.Clone(onDeployment), func(f Finding) bool { return !isCause(f) })
	return problemsOf(slices.Concat(causes, m.Findings))
}
