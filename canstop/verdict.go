package canstop

// A Verdict says whether the machines may stop. Its number is the exit code of the command.
type Verdict int

// The verdicts.
const (
	Yes      Verdict = iota // still served, and a failover would still be possible
	Degraded                // still served, and nothing more may fail
	No                      // no failover could complete, or no node is left to write to
	Unknown                 // a fact is missing that would change the answer
)

// String returns the word of the JSON.
func (v Verdict) String() string { return [...]string{"yes", "degraded", "no", "unknown"}[v] }

// MarshalText writes the word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// worse returns the worse of two verdicts. A certain No is worse than Unknown.
func worse(a, b Verdict) Verdict {
	rank := func(v Verdict) int { return [...]int{Yes: 0, Degraded: 1, Unknown: 2, No: 3}[v] }
	if rank(a) >= rank(b) {
		return a
	}
	return b
}
