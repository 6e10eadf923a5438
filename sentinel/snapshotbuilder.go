package sentinel

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// takeSnapshot asks for everything in one round trip: INFO, MYID, MASTERS, and
// the commands about each master of the last snapshot. Only masters that are new
// cost a second one.
func (c *Client) takeSnapshot(ctx context.Context, started time.Time) *Snapshot {
	t := c.newSnapshotBuilder(started)
	if err := c.acquire(ctx); err != nil {
		t.fail(c.failure(ctx, err, "waiting for a turn"), generalCommands()...)
		return t.finish()
	}
	defer c.release()

	if t.ask(ctx, generalCommands(), c.known) {
		if more := t.unasked(); len(more) > 0 {
			t.ask(ctx, nil, more)
		}
	}
	t.fill()
	if t.snapshot.Up() {
		c.known = masterNames(t.snapshot.Masters)
	}
	return t.finish()
}

// unanswered is the snapshot for a caller that has waited in vain for one under way. It
// has sent no command, so none is counted.
func (c *Client) unanswered(ctx context.Context, started time.Time) *Snapshot {
	t := c.newSnapshotBuilder(started)
	t.fail(c.failure(ctx, ctx.Err(), "waiting for a snapshot under way"), generalCommands()...)
	return t.close()
}

// A snapshotBuilder is a snapshot in the making.
type snapshotBuilder struct {
	client   *Client
	snapshot *Snapshot
	// about holds the raw replies to aboutMaster, by the master's name; fewer of
	// them when the exchange broke, for which broken is the reason.
	about  map[string][]string
	broken *Error
}

func (c *Client) newSnapshotBuilder(started time.Time) *snapshotBuilder {
	return &snapshotBuilder{
		client:   c,
		snapshot: &Snapshot{Sentinel: c.Address(), Started: started},
		about:    make(map[string][]string),
	}
}

// generalCommands are those that are not about one master.
func generalCommands() []Command { return []Command{CommandInfo, CommandMyID, CommandMasters} }

// aboutMaster are the commands that are asked of each master.
func (c *Client) aboutMaster() []Command {
	if c.options.InfoCache {
		return []Command{CommandReplicas, CommandSentinels, CommandCKQuorum, CommandInfoCache}
	}
	return []Command{CommandReplicas, CommandSentinels, CommandCKQuorum}
}

// arguments spells a command out.
func (c *Client) arguments(command Command, master string) []any {
	switch command {
	case CommandInfo:
		return []any{"INFO"}
	case CommandMyID:
		return []any{"SENTINEL", "MYID"}
	case CommandMasters:
		return []any{"SENTINEL", "MASTERS"}
	case CommandReplicas:
		return []any{"SENTINEL", c.replicasWord(), master}
	case CommandSentinels:
		return []any{"SENTINEL", "SENTINELS", master}
	case CommandCKQuorum:
		return []any{"SENTINEL", "CKQUORUM", master}
	default:
		return []any{"SENTINEL", "INFO-CACHE", master}
	}
}

// ask makes one round trip and reports whether there is sense in another.
func (t *snapshotBuilder) ask(ctx context.Context, general []Command, masters []string) bool {
	perMaster := t.client.aboutMaster()
	commands := make([][]any, 0, len(general)+len(masters)*len(perMaster))
	for _, command := range general {
		commands = append(commands, t.client.arguments(command, ""))
	}
	for _, name := range masters {
		for _, command := range perMaster {
			commands = append(commands, t.client.arguments(command, name))
		}
	}
	replies, err := t.client.exchange(ctx, true, commands)
	if err != nil {
		t.broken = t.client.failure(ctx, err, words(commands[min(len(replies), len(commands)-1)]))
		if t.broken.Reason == ReasonProtocol {
			// What came before the nonsense is not to be trusted either.
			t.fail(t.broken, CommandMasters)
			replies = nil
		}
	}
	rest := t.general(general, replies)
	for _, name := range masters {
		n := min(len(rest), len(perMaster))
		t.about[name] = rest[:n]
		rest = rest[n:]
	}
	return err == nil && t.snapshot.Up()
}

// general reads the replies to the general commands and returns the others.
func (t *snapshotBuilder) general(commands []Command, replies []string) []string {
	for _, command := range commands {
		if len(replies) == 0 {
			t.fail(t.broken, command)
			continue
		}
		if err := t.read(command, replies[0]); err != nil {
			t.fail(err, command)
		}
		replies = replies[1:]
	}
	return replies
}

// read takes the reply to a general command into the snapshot.
func (t *snapshotBuilder) read(command Command, raw string) *Error {
	args := t.client.arguments(command, "")
	switch command {
	case CommandInfo:
		return readAnswer(t.client, raw, args, readInfo, &t.snapshot.Info)
	case CommandMyID:
		err := readAnswer(t.client, raw, args, readText, &t.snapshot.ID)
		if err != nil && errors.Is(err, errUnknownCommand) {
			return nil // before 6.2 a Sentinel has an id but no way to ask for it
		}
		return err
	default:
		return readAnswer(t.client, raw, args, parseMasters, &t.snapshot.Masters)
	}
}

// unasked are the masters that no reply is about: new since the last snapshot.
func (t *snapshotBuilder) unasked() []string {
	var names []string
	for i := range t.snapshot.Masters {
		if name := t.snapshot.Masters[i].Name; t.about[name] == nil {
			names = append(names, name)
		}
	}
	return names
}

// fill gives each master what the replies say about it. A master that was
// removed while we asked is left out.
func (t *snapshotBuilder) fill() {
	gone := make(map[string]bool)
	for i := range t.snapshot.Masters {
		if m := &t.snapshot.Masters[i]; !t.fillMaster(m, t.about[m.Name]) {
			gone[m.Name] = true
		}
	}
	if len(gone) > 0 {
		t.snapshot.Masters = slices.DeleteFunc(t.snapshot.Masters, func(m Master) bool { return gone[m.Name] })
	}
	now := time.Now()
	for i := range t.snapshot.Masters {
		m := &t.snapshot.Masters[i]
		m.Recent = t.client.recent.of(m.Name, now)
	}
}

func (t *snapshotBuilder) fillMaster(m *Master, replies []string) (exists bool) {
	for i, command := range t.client.aboutMaster() {
		err := t.broken
		if i < len(replies) {
			err = t.readAbout(m, command, replies[i])
		}
		if err == nil {
			continue
		}
		if errors.Is(err, ErrNoSuchMaster) {
			return false
		}
		m.failed(command, err)
		t.fail(err, command)
	}
	return true
}

// readAbout takes the reply to a command about a master into it.
func (t *snapshotBuilder) readAbout(m *Master, command Command, raw string) *Error {
	args := t.client.arguments(command, m.Name)
	switch command {
	case CommandReplicas:
		err := readAnswer(t.client, raw, args, parseReplicas, &m.Replicas)
		if err != nil && errors.Is(err, errUnknownCommand) {
			t.client.slaves = true // from the next snapshot on
		}
		return err
	case CommandSentinels:
		return readAnswer(t.client, raw, args, parsePeers, &m.Peers)
	case CommandCKQuorum:
		return readAnswer(t.client, raw, args, readCKQuorum, &m.CKQuorum)
	default:
		parse := func(raw string) ([]CachedInfo, error) { return parseInfoCache(raw, m.Name) }
		return readAnswer(t.client, raw, args, parse, &m.Cache)
	}
}

// failed notes why something of the master is not known.
func (m *Master) failed(command Command, err error) {
	switch command {
	case CommandReplicas:
		m.ReplicasErr = err
	case CommandSentinels:
		m.PeersErr = err
	case CommandCKQuorum:
		m.CKQuorumErr = err
	}
}

// fail notes that commands failed: once for each command and reason, however
// many masters they were asked about.
func (t *snapshotBuilder) fail(err *Error, commands ...Command) {
	for _, command := range commands {
		if !t.noted(command, err.Reason) {
			t.snapshot.Failures = append(t.snapshot.Failures, Failure{Command: command, Err: err})
		}
		if command == CommandMasters {
			t.snapshot.Err = err
			t.snapshot.Masters = nil
			t.fail(err, t.client.aboutMaster()...) // of which masters could they be asked?
		}
	}
}

func (t *snapshotBuilder) noted(command Command, reason Reason) bool {
	for i := range t.snapshot.Failures {
		if f := &t.snapshot.Failures[i]; f.Command == command && f.Err.Reason == reason {
			return true
		}
	}
	return false
}

// finish adds the failures to the client's totals and closes the snapshot.
func (t *snapshotBuilder) finish() *Snapshot {
	t.client.count(t.snapshot.Failures)
	return t.close()
}

// close completes the snapshot.
func (t *snapshotBuilder) close() *Snapshot {
	t.snapshot.Duration = time.Since(t.snapshot.Started)
	t.snapshot.ErrorTotals = t.client.count(nil)
	return t.snapshot
}

// count adds failures to the totals, and returns these.
func (c *Client) count(failures []Failure) ErrorTotals {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range failures {
		c.totals[failures[i].Command][failures[i].Err.Reason]++
	}
	return c.totals
}

// masterNames returns the names, in memory of their own.
func masterNames(masters []Master) []string {
	names := make([]string, len(masters))
	for i := range masters {
		names[i] = strings.Clone(masters[i].Name)
	}
	return names
}
