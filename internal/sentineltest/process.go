package sentineltest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// A process is one started server.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended and was waited for
}

// startProcess starts a server that writes its output to the end of logPath.
func startProcess(attr *syscall.SysProcAttr, dir, logPath, binary string, args ...string) (*process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // in the node's own directory
	if err != nil {
		return nil, fmt.Errorf("sentineltest: the log file: %w", err)
	}
	cmd := exec.Command(binary, args...) //nolint:gosec // the caller chooses the binary
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = attr
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go p.run(started)
	err = <-started
	_ = log.Close() // the child has its own descriptor
	if err != nil {
		<-p.done
		return nil, fmt.Errorf("sentineltest: starting %s: %w", binary, err)
	}
	return p, nil
}

// run starts the process and waits for its end, all on one OS thread. Linux sends the signal of [dieWithParent] when the
// thread that made the child ends, not when the process does, and the Go runtime may end a thread at any time, unless
// it is held, as here, by a goroutine that lives as long as the child.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	err := p.cmd.Start()
	started <- err
	if err == nil {
		_ = p.cmd.Wait() // how it ended is read from its log
	}
}

// ended reports whether the process has ended.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// whileRunning returns a context that ends with the process. The caller must call cancel, which waits for what it needs.
func (p *process) whileRunning(ctx context.Context) (_ context.Context, cancel func()) {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer stop()
		select {
		case <-p.done:
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		stop()
		wg.Wait()
	}
}

func (p *process) pid() int {
	return p.cmd.Process.Pid
}

func (p *process) signal(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("sentineltest: sending %s to process %d: %w", sig, p.pid(), err)
	}
	return nil
}

// stop ends the process with SIGTERM and waits for it, even if it is stopped by SIGSTOP. It reports whether the process
// ended within patience; otherwise it was killed.
func (p *process) stop(patience time.Duration) bool {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGCONT} {
		_ = p.cmd.Process.Signal(sig) // fails only if it has ended already
	}
	select {
	case <-p.done:
		return true
	case <-time.After(patience):
		p.kill()
		return false
	}
}

// kill ends the process at once, also when it is stopped by SIGSTOP, and waits for it.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // fails only if it has ended already
	<-p.done
}
