package sentinel

import (
	"context"
	"errors"
	"time"
)

// LookUp asks for all that the Sentinel knows of one master, in one round trip. It
// returns a snapshot that has this master only, or none when the Sentinel does not
// monitor it. Unlike a snapshot's, its failures are not counted.
func (c *Client) LookUp(ctx context.Context, name string) *Snapshot {
	s := &Snapshot{Sentinel: c.Address(), Started: time.Now()}
	if err := c.lookUpInto(ctx, s, name); err != nil {
		s.Err = err // an *Error in an interface only when there is one
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
		{"SENTINEL", c.replicasWord(), name},
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
	// Who may not ask for these, or asks one that is too old, still has the rest.
	_ = readAnswer(c, replies[3], commands[3], readText, &s.ID)
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
