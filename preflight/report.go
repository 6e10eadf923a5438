package preflight

import (
	"slices"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// Page is the page of the documentation to which the findings of this package lead.
const Page = "docs/preflight.md"

// A Report says whether the next failover of a master would work.
type Report struct {
	Master string `json:"master"`
	// Status is the worst of all checks.
	Status health.Status `json:"status"`
	// Nodes are the data nodes, the master first.
	Nodes []NodeReport `json:"nodes"`
	// Checks has every check, in the order of the table; Findings has what they found.
	Checks   []health.Result  `json:"checks"`
	Findings []health.Finding `json:"findings"`
	// Unseen has the reasons of all checks once each, for people.
	Unseen []Unseen `json:"-"`
}

// An Unseen is something that could not be looked at, with the checks that needed it.
type Unseen struct {
	Reason string
	Checks []string
}

// miss notes that a check could not look at something.
func (r *Report) miss(check, reason string) {
	i := slices.IndexFunc(r.Unseen, func(u Unseen) bool { return u.Reason == reason })
	if i < 0 {
		i, r.Unseen = len(r.Unseen), append(r.Unseen, Unseen{Reason: reason})
	}
	r.Unseen[i].Checks = append(r.Unseen[i].Checks, check)
}

// A NodeReport says what was asked.
type NodeReport struct {
	Address string `json:"address"`
	// Role is "master" or "replica", as the Sentinels have it.
	Role string `json:"role"`
	// Version is the product and its version; empty if the node was not asked. Error says why.
	Version string `json:"version,omitempty"`
	Error   string `json:"error,omitempty"`
}

// An outcome is what one check has found, and what it could not look at.
type outcome struct {
	findings []health.Finding
	unknown  []string
}

func (o *outcome) find(f health.Finding) { o.findings = append(o.findings, f) }

// cannotTell notes a reason once.
func (o *outcome) cannotTell(reason string) {
	if reason = sentinel.ValidUTF8(reason); !slices.Contains(o.unknown, reason) {
		o.unknown = append(o.unknown, reason)
	}
}

func worst(a, b health.Status) health.Status {
	if b.Compare(a) > 0 {
		return b
	}
	return a
}
