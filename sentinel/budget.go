package sentinel

import (
	"fmt"
	"net"
	"runtime"
	"sync"
)

// A Budget bounds what the replies of all the clients that share it take, in bytes: what
// has come of replies under way, and what is kept of those that came, until their
// snapshots are released. When there is too much the largest reply under way is broken
// off, so that a Sentinel which sends too much costs itself and not the others. It is safe
// for concurrent use; nil is no bound.
type Budget struct {
	limit int64

	mu       sync.Mutex // guards what is below, and the accounts
	held     int64
	underWay map[*account]struct{}
	freed    *sync.Cond // held has become less, or an account is broken
}

// NewBudget returns a budget of so many bytes. One Sentinel may have half of it.
func NewBudget(bytes int64) *Budget {
	b := &Budget{limit: bytes, underWay: make(map[*account]struct{})}
	b.freed = sync.NewCond(&b.mu)
	return b
}

// share is what a Sentinel may have however much the others have: a part of the budget. So
// those that have filled it do not keep away another one that says what most do.
const share = 64

// An account is what one Sentinel has of a budget.
type account struct {
	budget *Budget
	conn   net.Conn // nil until there is one
	bytes  int64
	broken error // why its reply is broken off
}

// open begins an account. The caller settles it, or leaves it to a snapshot.
func (b *Budget) open() *account {
	if b == nil {
		return nil
	}
	a := &account{budget: b}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.underWay[a] = struct{}{}
	return a
}

// take adds to an account. The error says that its reply is to be broken off. While others
// that are broken off have not given back their memory it waits; they do so at once,
// since their connections are closed.
func (a *account) take(bytes int) error {
	if a == nil {
		return nil
	}
	b := a.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	a.bytes += int64(bytes)
	b.held += int64(bytes)
	if a.broken == nil && a.bytes > b.limit/2 {
		a.breakLocked()
	}
	for a.broken == nil && b.held > b.limit && a.bytes > b.limit/share {
		if b.doomedLocked() {
			b.freed.Wait()
			continue
		}
		b.largestLocked().breakLocked()
	}
	return a.broken
}

// doomedLocked reports whether a reply is broken off whose memory is not given back yet. The
// caller has the lock.
func (b *Budget) doomedLocked() bool {
	for a := range b.underWay {
		if a.broken != nil {
			return true
		}
	}
	return false
}

// largestLocked returns the largest reply under way, of which there is one. The caller has
// the lock.
func (b *Budget) largestLocked() *account {
	var largest *account
	for a := range b.underWay {
		if largest == nil || a.bytes > largest.bytes {
			largest = a
		}
	}
	return largest
}

// breakLocked ends a reply. The caller has the lock.
func (a *account) breakLocked() {
	a.broken = fmt.Errorf("%w: it has %d KiB, and all replies together may take %d KiB, one half of that (--sentinel.reply-memory)",
		errMalformed, a.bytes>>10, a.budget.limit>>10)
	if a.conn != nil {
		_ = a.conn.Close()
	}
	a.budget.freed.Broadcast()
}

// use says which connection the bytes come from.
func (a *account) use(conn net.Conn) {
	if a == nil {
		return
	}
	a.budget.mu.Lock()
	defer a.budget.mu.Unlock()
	a.conn = conn
	if conn != nil && a.broken != nil {
		_ = conn.Close()
	}
}

// why is the error of an account whose reply was broken off, else nil.
func (a *account) why() error {
	if a == nil {
		return nil
	}
	a.budget.mu.Lock()
	defer a.budget.mu.Unlock()
	return a.broken
}

// settle ends an account and gives back what it has.
func (a *account) settle() {
	if a == nil {
		return
	}
	b := a.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.underWay, a)
	b.held -= a.bytes
	a.bytes, a.conn = 0, nil
	b.freed.Broadcast()
}

// leaveTo has a snapshot keep what the account has, until it is released or forgotten. It
// returns the account if there is nothing to keep.
func (a *account) leaveTo(s *Snapshot) *account {
	if a == nil || a.why() != nil || !s.Up() {
		return a
	}
	a.budget.mu.Lock()
	defer a.budget.mu.Unlock()
	delete(a.budget.underWay, a)
	a.conn = nil
	s.account = a
	runtime.AddCleanup(s, (*account).settle, a)
	return nil
}

// Release gives back what the snapshot has of a budget. One that several callers share may
// be in use by others: that is counted no longer.
func (s *Snapshot) Release() { s.account.settle() }
