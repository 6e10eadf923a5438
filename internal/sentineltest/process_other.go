//go:build !linux

package sentineltest

import "syscall"

// dieWithParent cannot be had here: a test that dies without Close leaves its servers behind.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{}
}
