package sentinel

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// number parses a field with a decimal number.
func number(name, value string) (Number, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return Number{}, fmt.Errorf("%w: field %s is %q, not a number", errMalformed, name, clip(value))
	}
	return Some(n), nil
}

// millis parses a field with milliseconds.
func millis(name, value string) (Duration, error) { return times(name, value, time.Millisecond) }

// times parses a field with a number of units.
func times(name, value string, unit time.Duration) (Duration, error) {
	n, err := number(name, value)
	if err != nil {
		return Duration{}, err
	}
	if most := math.MaxInt64 / int64(unit); n.Value > most || n.Value < -most {
		return Duration{}, fmt.Errorf("%w: field %s is %s times %s, out of range", errMalformed, name, clip(value), unit)
	}
	return Some(time.Duration(n.Value) * unit), nil
}

// seconds parses a field of whole seconds.
func seconds(name, value string) (Duration, error) {
	return times(name, value, time.Second)
}
