//go:build e2e

package alerts_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// times are how long it took from the faults to the notifications.
type times struct {
	mu   sync.Mutex
	rows []string
}

func (t *times) add(fault, alert, receiver string, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, fmt.Sprintf("| %s | %s | %s | %.1f |", fault, alert, receiver, took.Seconds()))
}

// table returns them as they are written in README.md.
func (t *times) table() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.Sort(t.rows)
	return strings.Join(t.rows, "\n")
}
