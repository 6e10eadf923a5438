package sentinel

import "time"

// A Snapshot is what one Sentinel knows at one moment. Every Sentinel that is asked has one;
// that of a dead Sentinel has only the error.
type Snapshot struct {
	// Sentinel is the address asked, as host:port.
	Sentinel string
	// Started is the time of the call, Duration how long the answer took, including time
	// spent waiting for other calls.
	Started  time.Time
	Duration time.Duration
	// Err is nil if the Sentinel answered MASTERS; otherwise it is an *Error that says
	// why not.
	Err error
	// ID is the lasting identity of the Sentinel (SENTINEL MYID), not the run
	// id of INFO. It is empty before Redis 6.2, which has no such command.
	ID string
	// Info is nil if INFO failed.
	Info *Info
	// ResolveHostnames is that setting of the Sentinel (SENTINEL CONFIG GET). It is asked for
	// only where the Sentinel has given a host by name, and absent where it was not answered:
	// before Redis 6.2, and to a user who may not use that command, which is no failure.
	ResolveHostnames Optional[bool]
	// Masters are the masters that the Sentinel monitors, in no particular order.
	Masters []Master
	// Failures are the commands of this snapshot that failed: one entry for each
	// command and reason, with the first error.
	Failures []Failure
	// ErrorTotals counts failures since the client was created, including those of this
	// snapshot.
	ErrorTotals ErrorTotals

	account *account // of the budget; nil without one
}

// A Failure is a command that failed in a snapshot.
type Failure struct {
	Command Command
	Err     *Error
}

// Up reports whether the Sentinel answered MASTERS within the deadline.
func (s *Snapshot) Up() bool { return s.Err == nil }

// Failed returns the first error of a command, or nil. A command that was not sent, because
// there was no master to ask about, has not failed.
func (s *Snapshot) Failed(c Command) *Error {
	for i := range s.Failures {
		if s.Failures[i].Command == c {
			return s.Failures[i].Err
		}
	}
	return nil
}

// Master returns the named master, or nil if this Sentinel does not monitor it.
func (s *Snapshot) Master(name string) *Master {
	for i := range s.Masters {
		if s.Masters[i].Name == name {
			return &s.Masters[i]
		}
	}
	return nil
}

// Tilt reports whether the Sentinel is in TILT mode, in which it does not update down
// flags. It returns false if INFO failed.
func (s *Snapshot) Tilt() bool { return s.Info != nil && s.Info.Tilt.Value }
