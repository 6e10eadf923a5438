package fleet

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// maxShards is more than anybody needs.
const maxShards = 1000

// A Shard is the part of the deployments that one of several exporters has. The zero Shard has
// all.
type Shard struct{ index, count int }

// ParseShard parses INDEX/COUNT, of which the index begins at 0. It may be the end of a name,
// such as that of a pod of a StatefulSet: exporter-2/5.
func ParseShard(text string) (Shard, error) {
	before, after, _ := strings.Cut(text, "/")
	count, err := strconv.Atoi(after)
	if err != nil || count < 1 || count > maxShards {
		return Shard{}, fmt.Errorf("%q is not INDEX/COUNT or NAME-INDEX/COUNT with 1 to %d shards", text, maxShards)
	}
	index, err := strconv.Atoi(before[strings.LastIndex(before, "-")+1:])
	if err != nil || index < 0 || index >= count || strings.HasPrefix(before, "-") {
		return Shard{}, fmt.Errorf("%q has no index from 0 to %d before the /", text, count-1)
	}
	return Shard{index, count}, nil
}

// String returns the shard as ParseShard reads it; empty if it has all.
func (s Shard) String() string {
	if s.count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.index, s.count)
}

// Has reports whether a deployment is in the shard.
func (s Shard) Has(name string) bool { return s.count <= 1 || s.Of(name) == s }

// Of returns the shard that a deployment is in: the one with the highest hash of both
// (rendezvous hashing), so that one more shard takes its part and nothing else moves.
func (s Shard) Of(name string) Shard {
	best, highest := 0, uint64(0)
	for i := range s.count {
		if w := weight(name, i); w >= highest {
			best, highest = i, w
		}
	}
	return Shard{best, s.count}
}

// weight must never change: exporters of different versions agree on it.
func weight(name string, shard int) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s", shard, name)
	// FNV's high bits hardly depend on the last bytes; this finalizer, of MurmurHash3, mixes them.
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
