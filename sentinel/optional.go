package sentinel

import "time"

// Optional is a value that a Sentinel may leave out of its reply. What is absent
// stays absent: it is never 0.
type Optional[T any] struct {
	Value   T
	Present bool
}

// Some is a value that is there.
func Some[T any](v T) Optional[T] { return Optional[T]{Value: v, Present: true} }

// Or returns the value, or what to take when it is absent.
func (m Optional[T]) Or(absent T) T {
	if m.Present {
		return m.Value
	}
	return absent
}

// Number is a count or a size that a Sentinel may leave out.
type Number = Optional[int64]

// Duration is an age or a setting that a Sentinel may leave out. Sentinel sends
// milliseconds of its own wall clock: after a step of that clock an age can be
// negative.
type Duration = Optional[time.Duration]
