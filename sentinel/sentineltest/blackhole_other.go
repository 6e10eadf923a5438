//go:build !linux

package sentineltest

import "testing"

// BlackHoleAddr is for Linux only.
func BlackHoleAddr(t testing.TB) string {
	t.Helper()
	t.Fatal("sentineltest: BlackHoleAddr works on Linux only")
	return ""
}
