package sentineltest

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// A Program is a server beside a topology: the exporter, a Prometheus.
type Program struct {
	proc *process
	log  string // a file
}

// StartProgram starts a program that writes what it prints to the end of a file, and returns when ready has no error. The
// context bounds the start only. The program dies with whoever started it, but Ctrl-C in a terminal does not reach it, so
// that it can be stopped in order: see [Program.Stop].
func StartProgram(ctx context.Context, logPath string, ready func(context.Context) error, binary string, args ...string) (*Program, error) {
	attr := dieWithParent()
	attr.Setpgid = true
	proc, err := startProcess(attr, "", logPath, binary, args...)
	if err != nil {
		return nil, err
	}
	p := &Program{proc: proc, log: logPath}
	running, cancel := proc.whileRunning(ctx)
	defer cancel()
	if err := poll(running, ready); err != nil {
		how := "does not get ready"
		if proc.ended() {
			how = "ended as soon as it was started"
		}
		p.Stop()
		return nil, fmt.Errorf("sentineltest: %s %s: %w; it said:\n%s", binary, how, err, p.LogTail(20))
	}
	return p, nil
}

// Stop ends the program with SIGTERM and waits for it; it is killed if it takes over ten seconds.
func (p *Program) Stop() { p.proc.stop(10 * time.Second) }

// Ended is closed when the program has ended.
func (p *Program) Ended() <-chan struct{} { return p.proc.done }

// PID is the process id.
func (p *Program) PID() int { return p.proc.pid() }

// Signal sends a signal to the program.
func (p *Program) Signal(sig syscall.Signal) error { return p.proc.signal(sig) }

// LogTail returns the last lines of what the program printed.
func (p *Program) LogTail(lines int) string {
	log, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return tail(string(log), lines)
}
