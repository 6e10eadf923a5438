package sentineltest

import "syscall"

// dieWithParent makes the kernel kill a server when the test that started it dies, however that happens.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
