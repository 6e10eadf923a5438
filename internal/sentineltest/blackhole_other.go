//go:build !linux

package sentineltest

import "testing"

// BlackHoleAddr is for Linux only.
func BlackHoleAddr(t testing.TB) string {
	t.Helper()
	t.Fatal("sentineltest: BlackHoleAddr works on Linux only")
	return ""
}

// BlackHole is for Linux only.
func BlackHole(t testing.TB, _ string) (at string, end func()) {
	t.Helper()
	t.Fatal("sentineltest: BlackHole works on Linux only")
	return "", nil
}
