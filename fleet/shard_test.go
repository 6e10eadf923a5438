package fleet

import (
	"fmt"
	"testing"
)

// TestShards: each deployment is in exactly one shard, whatever their number, and the shards
// are about equal; one more takes its part, and nothing else moves.
func TestShards(t *testing.T) {
	t.Parallel()
	const n = 2000
	owner := func(count int) []int {
		owners := make([]int, n)
		sizes := make([]int, count)
		for i := range owners {
			owners[i] = -1
			for index := range count {
				s, err := ParseShard(fmt.Sprintf("exporter-%d/%d", index, count))
				if err != nil {
					t.Fatal(err)
				}
				if s.Has(fmt.Sprintf("deployment-%d", i)) {
					if owners[i] >= 0 {
						t.Fatalf("deployment-%d is in two of %d shards", i, count)
					}
					owners[i] = index
				}
			}
			if owners[i] < 0 {
				t.Fatalf("deployment-%d is in none of %d shards", i, count)
			}
			sizes[owners[i]]++
		}
		for index, size := range sizes {
			if size < n/count*8/10 || size > n/count*12/10 {
				t.Errorf("shard %d/%d has %d of %d", index, count, size, n)
			}
		}
		return owners
	}
	owner(1)
	owner(2)
	five, six := owner(5), owner(6)
	moved := 0
	for i := range five {
		if five[i] != six[i] {
			moved++
			if six[i] != 5 {
				t.Errorf("deployment-%d moves from shard %d to %d, which is not the new one", i, five[i], six[i])
			}
		}
	}
	if moved > n/4 {
		t.Errorf("%d of %d move", moved, n)
	}
}

func TestParseShard(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"0/1": "0/1", "2/5": "2/5", "redis-sentinel-exporter-4/5": "4/5"} {
		if s, err := ParseShard(text); err != nil || s.String() != want {
			t.Errorf("%q: got %s, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "2", "5/5", "-1/5", "a/5", "a-/5", "1/0", "1/x", "1/5/6", "0/1001", "exporter/5", "exporter-5/5"} {
		if s, err := ParseShard(text); err == nil {
			t.Errorf("%q: got %s", text, s)
		}
	}
}
