package app

import (
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

func TestMemoryLimit(t *testing.T) {
	for _, test := range []struct {
		name  string
		group memlimit.Provider
		want  uint64
	}{
		{"no group", func() (uint64, error) { return 0, memlimit.ErrNoLimit }, 200 + 3*65536},
		{"a large one", memlimit.Limit(1 << 20), 200 + 3*65536},
		{"a small one", memlimit.Limit(100), 90},
	} {
		if got, err := memoryLimit(100, func() int { return 3 }, test.group)(); err != nil || got != test.want {
			t.Errorf("%s: %d, %v; want %d", test.name, got, err, test.want)
		}
	}
}
