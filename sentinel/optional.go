package sentinel

import "time"

// An Optional is a value that a Sentinel may leave out of its reply. It keeps an absent value
// distinct from 0.
type Optional[T any] struct {
	Value   T
	Present bool
}

// Some returns a value that is present.
func Some[T any](v T) Optional[T] { return Optional[T]{Value: v, Present: true} }

// Or returns the value, or absent if it is absent.
func (m Optional[T]) Or(absent T) T {
	if m.Present {
		return m.Value
	}
	return absent
}

// Number is a count or a size that a Sentinel may leave out.
type Number = Optional[int64]

// Duration is an age or a setting that a Sentinel may leave out. Ages are measured by the
// Sentinel's wall clock, so they can be negative after a step of that clock.
type Duration = Optional[time.Duration]
