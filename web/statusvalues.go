package web

import (
	"fmt"
	"strings"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// A badge shows a status by word and sign, not by colour alone.
type badge struct{ Word, Class, Sign string }

func badgeOf(s health.Status) badge {
	signs := map[health.Status]string{health.OK: "✓", health.Warning: "!", health.Critical: "✕", health.Unknown: "?"}
	return badge{Word: strings.ToUpper(s.String()), Class: s.String(), Sign: signs[s]}
}

// A cell is one value of a table.
type cell struct {
	Text    string
	Differs bool // from what most Sentinels say
	Bad     bool
}

// A labelled is a cell with the name of its column, for narrow screens.
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
