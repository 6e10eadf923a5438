package web

import (
	"fmt"
	"strings"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// A badge shows a status with more than its colour.
type badge struct{ Word, Class, Sign string }

func badgeOf(s health.Status) badge {
	signs := map[health.Status]string{health.OK: "✓", health.Warning: "!", health.Critical: "✕", health.Unknown: "?"}
	return badge{Word: strings.ToUpper(s.String()), Class: s.String(), Sign: signs[s]}
}

// A cell is one value, which may differ from what most Sentinels say.
type cell struct {
	Text    string
	Differs bool
	Bad     bool
}

// A labelled cell brings its column's name, for narrow screens.
type labelled struct {
	Label string
	cell
}

func number(n sentinel.Number) string {
	if !n.Present {
		return "?"
	}
	return fmt.Sprint(n.Value)
}

// age prints an age for people.
func age(d sentinel.Duration) string {
	if !d.Present {
		return "?"
	}
	return health.Age(d.Value)
}
