package sentinel

import (
	"context"
	"errors"
	"time"
)

// LookUp asks for all that the Sentinel knows about one master, in one round trip. The
// snapshot has only this master, or none if the Sentinel does not monitor it. Failures are
// not counted in ErrorTotals.
func (c *Client) LookUp(ctx context.Context, name string) *Snapshot {
	s := &Snapshot{Sentinel: c.Address(), Started: time.Now()}
	if err := c.lookUpInto(ctx, s, name); err != nil {
		s.Err = err // not assigned if nil: an interface with a nil *Error would not be nil
	}
	s.Duration = time.Since(s.Started)
	return s
}

func (c *Client) lookUpInto(ctx context.Context, s *Snapshot, name string) *Error {
	if err := c.acquire(ctx); err != nil {
		return c.failure(ctx, err, "SENTINEL MASTER")
	}
	defer c.release()
	commands := [][]any{
		{"SENTINEL", "MASTER", name},
		c.arguments(nil, CommandReplicas, name),
		{"SENTINEL", "SENTINELS", name},
		{"SENTINEL", "MYID"},
		{"INFO"},
	}
	replies, err := c.exchange(ctx, true, commands)
	if err != nil {
		return c.failure(ctx, err, words(commands[min(len(replies), len(commands)-1)]))
	}
	var m *Master
	refused := readAnswer(c, replies[0], commands[0], parseMaster, &m)
	if refused != nil && !errors.Is(refused, ErrNoSuchMaster) {
		return refused
	}
	// These may be forbidden, or unknown to an old Sentinel; the rest is useful without them.
	_ = readAnswer(c, replies[3], commands[3], readID, &s.ID)
	_ = readAnswer(c, replies[4], commands[4], readInfo, &s.Info)
	if m == nil {
		return nil
	}
	if err := readAnswer(c, replies[1], commands[1], parseReplicas, &m.Replicas); err != nil {
		m.ReplicasErr = err
		c.slaves = c.slaves || errors.Is(err, errUnknownCommand) // from the next call on
	}
	if err := readAnswer(c, replies[2], commands[2], parsePeers, &m.Peers); err != nil {
		m.PeersErr = err
	}
	s.Masters = []Master{*m}
	return nil
}
