package admin

import "sync"

// masterLocks holds the masters on which an operation is under way.
type masterLocks struct {
	mu   sync.Mutex
	held map[string]Action
}

// acquire locks a master until release is called.
func (c *masterLocks) acquire(op *Operation) (release func(), err error) {
	if op.DryRun || op.Action == FlushConfig { // these change no master
		return func() {}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other, busy := c.held[op.Master]; busy {
		return nil, &BusyError{Master: op.Master, Action: other}
	}
	c.held[op.Master] = op.Action
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.held, op.Master)
	}, nil
}
