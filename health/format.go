package health

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"redis_sentinel_exporter/deployment"
)

// addresses returns the addresses of the Sentinels, in the order of the views.
func addresses(views []deployment.View) []string {
	list := make([]string, len(views))
	for i, v := range views {
		list[i] = v.Snapshot.Sentinel
	}
	return list
}

// say returns which Sentinels say something, out of how many: "according to 1 of 3
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

// onlyOne returns the address of the Sentinel if there is exactly one, otherwise "".
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

// few joins the first few words, and says how many more there are.
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

// count returns a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// verb returns a verb in the form for n things.
func verb(n int, word string) string {
	if n == 1 {
		return word + "s"
	}
	return word
}

// are returns the form of "to be" for n things.
func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// areOnly returns the end of a sentence on the number of Sentinels: "are only 2 Sentinels".
func areOnly(n int) string { return are(n) + " only " + count(n, "Sentinel") }

// size prints a number of bytes.
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

// maxPrintedName bounds what is printed of a name, in bytes; real ones are shorter.
const maxPrintedName = 256

// Printable keeps the name of a master, which may hold any bytes, on one line of bounded
// length.
func Printable(name string) string {
	if len(name) > maxPrintedName {
		return fmt.Sprintf("%q... (%d bytes)", name[:maxPrintedName], len(name))
	}
	quoted := strconv.AppendQuote(make([]byte, 0, 64), name)
	if string(quoted[1:len(quoted)-1]) == name && name != "" {
		return name
	}
	return string(quoted)
}
