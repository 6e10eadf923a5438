package refcount

import "testing"

// Whatever the order of users and Retire, one call and only one says to close it.
func TestExactlyOneCloses(t *testing.T) {
	t.Parallel()
	acquire := func(c *Count) bool { c.Acquire(); return false }
	release, retire := (*Count).Release, (*Count).Retire
	for _, tc := range []struct {
		name   string
		calls  []func(*Count) bool
		closes int // which call
	}{
		{"never used", []func(*Count) bool{retire}, 0},
		{"used before", []func(*Count) bool{acquire, release, retire}, 2},
		{"retired in use", []func(*Count) bool{acquire, retire, release}, 2},
		{"one of two users left", []func(*Count) bool{acquire, acquire, release, retire, release}, 4},
		{"users after it is retired", []func(*Count) bool{acquire, retire, acquire, release, release}, 4},
		{"in use for ever", []func(*Count) bool{acquire, acquire, retire, release}, -1},
		{"not retired", []func(*Count) bool{acquire, release}, -1},
	} {
		var c Count
		for i, call := range tc.calls {
			if got := call(&c); got != (i == tc.closes) {
				t.Errorf("%s: call %d says close: %t", tc.name, i, got)
			}
		}
	}
}

func TestInUse(t *testing.T) {
	t.Parallel()
	var c Count
	before := c.InUse()
	c.Acquire()
	during := c.InUse()
	c.Release()
	if after := c.InUse(); before || !during || after {
		t.Errorf("got %t before, %t during and %t after a use", before, during, after)
	}
}

func TestReleaseWithoutAcquirePanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a count below 0 is not noticed")
		}
	}()
	new(Count).Release()
}
