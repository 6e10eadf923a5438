package health

import "slices"

// A Report is what [Assess] has found.
type Report struct {
	// Status is the worst of the deployment and all its masters. It is Unknown
	// when no Sentinel answered, whatever else has been found.
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
	// Masters are sorted by name.
	Masters []MasterReport `json:"masters"`
}

// A MasterReport is the report on one master.
type MasterReport struct {
	Name    string `json:"name"`
	Status  Status `json:"status"`
	Summary string `json:"summary"`
	// Address is the one that clients are given; where the Sentinels differ that of the
	// highest epoch, and with equal epochs the one that most of them name.
	Address string `json:"address"`
	// FailoverInProgress: a Sentinel drives one, or tries to. One that is in TILT does
	// neither, whatever it says.
	FailoverInProgress bool `json:"failover_in_progress"`
	// Replicas that are known, and those that a failover could promote, as the
	// Sentinel sees it that sees most of them.
	Replicas   int `json:"replicas"`
	Promotable int `json:"promotable_replicas"`
	// Margin is how many more Sentinels can fail before no failover can
	// happen; absent when not known. Those that answer and do not monitor the
	// master have failed already, which CKQUORUM does not know.
	Margin   *int      `json:"quorum_margin,omitempty"`
	Checks   []Result  `json:"checks"`
	Findings []Finding `json:"findings"`
}

// A Result is how one check came out.
type Result struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	// Reason says why nobody can tell, when the status is Unknown.
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
	// Message names the node and the number.
	Message string `json:"message"`
	// Hint says what to do. Look has commands that change nothing, to see more;
	// Commands has those that end the finding, one after the other. Each is a line for
	// a shell; words in capitals such as PASSWORD are for the reader to fill in.
	Hint     string   `json:"hint"`
	Look     []string `json:"look,omitempty"`
	Commands []string `json:"commands,omitempty"`
	// Runbook leads to the check's chapter in the documentation.
	Runbook string `json:"runbook"`
	// FollowsFrom names the findings of the same report without which this one would
	// not be there, the one first that says most about it; empty in a finding that
	// stands for itself.
	FollowsFrom []Cause `json:"follows_from,omitempty"`
}

// A Cause names a finding by its check and what that is about.
type Cause struct {
	Check    string `json:"check"`
	Master   string `json:"master,omitempty"`
	Sentinel string `json:"sentinel,omitempty"`
	Node     string `json:"node,omitempty"`
}

func (f *Finding) asCause() Cause { return Cause{f.Check, f.Master, f.Sentinel, f.Node} }

// ByName returns the report on one master, nil when no Sentinel that answered
// monitors it.
func (r *Report) ByName(name string) *MasterReport {
	for i := range r.Masters {
		if r.Masters[i].Name == name {
			return &r.Masters[i]
		}
	}
	return nil
}

// Narrowed returns the report with one master only; what is wrong with the
// deployment as a whole concerns that master as well and stays. The second result is false
// when Sentinels answered and none of them monitors the master. When nobody
// answered, nobody knows.
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
func (r *Report) All() []Finding { return flattened(r.Groups()) }

// Groups returns the findings on the deployment and on every master, each cause
// with what follows from it, the worst first.
func (r *Report) Groups() []Group {
	all := slices.Clone(r.Findings)
	for i := range r.Masters {
		all = append(all, r.Masters[i].Findings...)
	}
	return grouped(all)
}
