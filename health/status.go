package health

import "fmt"

// A Status is a verdict. Its numbers are those of the metrics and of the exit
// codes of monitoring plugins.
type Status int

// The verdicts.
const (
	OK Status = iota
	Warning
	Critical
	Unknown // no Sentinel that answered can tell
)

func statusNames() [4]string { return [...]string{"ok", "warning", "critical", "unknown"} }

// String returns the verdict in lower case.
func (s Status) String() string {
	if names := statusNames(); s >= 0 && int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("status(%d)", int(s))
}

// MarshalText writes the verdict as String does.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Status) UnmarshalText(text []byte) error {
	for i, name := range statusNames() {
		if name == string(text) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("%q is none of ok, warning, critical and unknown", text)
}

// rank orders the verdicts by what an operator must know first: critical, then unknown,
// then warning.
func (s Status) rank() int {
	return [...]int{OK: 0, Warning: 1, Unknown: 2, Critical: 3}[s]
}

// Compare compares two verdicts by what an operator must know first, as cmp.Compare does: it
// is positive if s comes first.
func (s Status) Compare(other Status) int { return s.rank() - other.rank() }

// worse returns the verdict with the higher rank.
func worse(a, b Status) Status {
	if b.rank() > a.rank() {
		return b
	}
	return a
}
