//go:build !linux

package sentineltest

import "syscall"

// dieWithParent works only on Linux: elsewhere a test that dies without Close leaves its servers behind.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{}
}
