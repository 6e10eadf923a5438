package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/deployment"
)

// addresses returns those of the Sentinels, in their order.
func addresses(views []deployment.View) []string {
	list := make([]string, len(views))
	for i, v := range views {
		list[i] = v.Snapshot.Sentinel
	}
	return list
}

// say is who says something, and how many could have said it: "according to 1 of 3
// Sentinels (10.0.0.1:26379)".
func say(who []deployment.View, of int) string {
	return fmt.Sprintf("according to %d of %s (%s)", len(who), count(of, "Sentinel"), strings.Join(addresses(who), ", "))
}

// whom names Sentinels in a sentence: "Sentinel 10.0.0.1:26379".
func whom(who []deployment.View) string {
	if len(who) == 1 {
		return "Sentinel " + who[0].Snapshot.Sentinel
	}
	return "Sentinels " + list(addresses(who))
}

// onlyOne is the address of the Sentinel where there is one only, else empty.
func onlyOne(who []deployment.View) string {
	if len(who) != 1 {
		return ""
	}
	return who[0].Snapshot.Sentinel
}

// list joins words in a sentence.
func list(words []string) string {
	switch len(words) {
	case 0:
		return "none"
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// few joins words, and says how many more there are.
func few(words []string) string {
	const most = 4
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}

// Age prints a duration as people read it.
func Age(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// verb is a verb that goes with a number of things.
func verb(n int, word string) string {
	if n == 1 {
		return word + "s"
	}
	return word
}

// are is the verb after a number.
func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// areOnly is the end of a sentence on how many Sentinels there are: "are only 2 Sentinels".
func areOnly(n int) string { return are(n) + " only " + count(n, "Sentinel") }

// size prints bytes.
func size(n int64) string {
	const mib = 1 << 20
	return fmt.Sprintf("%.1f MiB", float64(n)/mib)
}

// distinct returns the words without repetitions, sorted.
func distinct(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return slices.Compact(words)
}
