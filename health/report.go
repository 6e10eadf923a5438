package health

import "slices"

// A Report is the result of [Assess].
type Report struct {
	// Status is the worst of the deployment and all its masters. It is Unknown
	// if no Sentinel answered, whatever else was found.
	Status Status `json:"status"`
	// Summary is one line for a pager.
	Summary string `json:"summary"`
	// Asked and Answered count Sentinels.
	Asked    int `json:"sentinels_asked"`
	Answered int `json:"sentinels_answered"`
	// Checks has every check on the deployment as a whole, in the order of the
	// table; Findings has what they found.
	Checks   []Result  `json:"checks"`
	Findings []Finding `json:"findings"`
	// Omitted counts the findings that are left out, since there are thousands.
	Omitted int `json:"findings_omitted,omitempty"`
	// Masters are sorted by name.
	Masters []MasterReport `json:"masters"`
}

// A MasterReport is the report on one master.
type MasterReport struct {
	Name    string `json:"name"`
	Status  Status `json:"status"`
	Summary string `json:"summary"`
	// Address is the address that clients are given. If the Sentinels differ, it is that
	// of the highest epoch, and with equal epochs the one that most of them name.
	Address string `json:"address"`
	// FailoverInProgress is true if a Sentinel leads a failover, or tries to. A Sentinel in
	// TILT does neither, whatever it says.
	FailoverInProgress bool `json:"failover_in_progress"`
	// Replicas counts the known replicas, Promotable those that a failover could promote;
	// each is the highest count of any Sentinel.
	Replicas   int `json:"replicas"`
	Promotable int `json:"promotable_replicas"`
	// Hidden counts the replicas that no Sentinel lists (replica-announced no): a failover can
	// promote them, and nothing else is known of them.
	Hidden int `json:"hidden_replicas"`
	// Margin is how many more Sentinels can fail while a failover is still possible;
	// absent if not known. Sentinels that answer but do not monitor the master count as
	// failed, which CKQUORUM does not do.
	Margin *int `json:"quorum_margin,omitempty"`
	// HostLoss is how many hosts there are whose loss alone the master would not survive; absent
	// if not known.
	HostLoss *int      `json:"host_loss,omitempty"`
	Checks   []Result  `json:"checks"`
	Findings []Finding `json:"findings"`
}

// A Result is the status of one check.
type Result struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	// Reason says why the status is Unknown; otherwise empty.
	Reason string `json:"reason,omitempty"`
}

// A Finding is one thing that is wrong.
type Finding struct {
	Check    string `json:"check"`
	Severity Status `json:"severity"`
	// Master is empty in a finding on the deployment as a whole.
	Master string `json:"master,omitempty"`
	// Sentinel is the address asked, where the finding is about one Sentinel.
	Sentinel string `json:"sentinel,omitempty"`
	// Node is the address of the master or replica that the finding is about, where
	// it is about one.
	Node string `json:"node,omitempty"`
	// Message says what is wrong, with addresses and numbers.
	Message string `json:"message"`
	// Hint says what to do. Look has commands that show more and change nothing;
	// Commands has those that end the finding, in this order. Each is a line for
	// a shell; words in capitals such as PASSWORD are placeholders.
	Hint     string   `json:"hint"`
	Look     []string `json:"look,omitempty"`
	Commands []string `json:"commands,omitempty"`
	// Runbook leads to the check's chapter in the documentation.
	Runbook string `json:"runbook"`
	// FollowsFrom names the findings of the same report that cause this one, the best
	// explanation first; empty if it has no known cause.
	FollowsFrom []Cause `json:"follows_from,omitempty"`
}

// A Cause identifies a finding by its check and what it is about.
type Cause struct {
	Check    string `json:"check"`
	Master   string `json:"master,omitempty"`
	Sentinel string `json:"sentinel,omitempty"`
	Node     string `json:"node,omitempty"`
}

func (f *Finding) asCause() Cause { return Cause{f.Check, f.Master, f.Sentinel, f.Node} }

// ByName returns the report on one master, or nil if no Sentinel that answered
// monitors it.
func (r *Report) ByName(name string) *MasterReport {
	for i := range r.Masters {
		if r.Masters[i].Name == name {
			return &r.Masters[i]
		}
	}
	return nil
}

// Narrowed returns the report with one master only. The findings on the deployment stay,
// since they concern that master as well. The second result is false if Sentinels answered
// and none of them monitors the master; it is true if no Sentinel answered.
func (r *Report) Narrowed(name string) (Report, bool) {
	narrowed := *r
	narrowed.Masters = []MasterReport{}
	if m := r.ByName(name); m != nil {
		narrowed.Masters = []MasterReport{*m}
	} else if r.Answered > 0 {
		return Report{}, false
	}
	narrowed.conclude()
	return narrowed, true
}

// All returns the findings on the deployment and on every master, in the order of
// Groups.
func (r *Report) All() []Finding { return flattened(r.Problems()) }

// Problems returns the findings on the deployment and on every master, each cause
// with what follows from it, the worst first.
func (r *Report) Problems() []Problem {
	all := slices.Clone(r.Findings)
	for i := range r.Masters {
		all = append(all, r.Masters[i].Findings...)
	}
	return problemsOf(all)
}
