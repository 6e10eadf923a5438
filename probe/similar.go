package probe

import (
	"cmp"
	"slices"
	"strings"
)

// mostSimilar is how many names Similar returns at most.
const mostSimilar = 3

// Similar returns the names that somebody who wrote name may have meant, the likeliest first.
func Similar(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	wanted := strings.ToLower(name)
	most := max(2, len(wanted)/3)
	var near []candidate
	for _, other := range names {
		lower := strings.ToLower(other)
		d := distance(wanted, lower)
		if wanted != "" && (strings.Contains(lower, wanted) || strings.Contains(wanted, lower)) {
			d = min(d, most)
		}
		if d <= most && d < max(len(wanted), len(lower)) {
			near = append(near, candidate{other, d})
		}
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var similar []string
	for _, c := range near[:min(len(near), mostSimilar)] {
		similar = append(similar, c.name)
	}
	return similar
}

// distance is how many bytes have to be changed, added or left out (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
