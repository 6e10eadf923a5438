package sentinel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// takeSnapshot asks for everything in one round trip: INFO, MYID, MASTERS, and the commands
// about each master of the last snapshot. New masters need a second round trip.
func (c *Client) takeSnapshot(ctx context.Context, started time.Time) *Snapshot {
	b := c.newSnapshotBuilder(started)
	if err := c.acquire(ctx); err != nil {
		b.fail(c.failure(ctx, err, "waiting for a turn"), generalCommands()...)
		return b.finish()
	}
	defer c.release()
	defer func() { c.account = c.account.leaveTo(b.snapshot) }()

	if b.ask(ctx, generalCommands(), c.known) {
		if more := b.unasked(); len(more) > 0 {
			b.ask(ctx, nil, more)
		}
	}
	err := b.fill()
	if err == nil {
		err = b.lookInto(ctx)
	}
	if err != nil {
		b.refuse(err)
	}
	c.allowance.judge(cmp.Or(b.broken, b.snapshot.Failed(CommandMasters)))
	if b.snapshot.Up() {
		c.processes.update(b.snapshot.Masters)
		c.known, c.named = masterNames(b.snapshot.Masters, c.known), b.snapshot.givesNames()
	}
	return b.finish()
}

// unanswered returns the snapshot for a caller that has waited in vain for one under way. It
// has sent no command, so no failure is counted.
func (c *Client) unanswered(ctx context.Context, started time.Time) *Snapshot {
	b := c.newSnapshotBuilder(started)
	b.fail(c.failure(ctx, ctx.Err(), "waiting for a snapshot under way"), generalCommands()...)
	return b.close()
}

// A snapshotBuilder builds a snapshot.
type snapshotBuilder struct {
	client   *Client
	snapshot *Snapshot
	// about has the raw replies to aboutMaster, by the master's name. Some are missing if
	// the exchange broke.
	about   map[string][]string
	broken  *Error // why an exchange broke
	peers   []Peer // of the last master that was filled
	entries int    // replicas and peers of all masters
	reply   reply  // that is read
}

func (c *Client) newSnapshotBuilder(started time.Time) *snapshotBuilder {
	return &snapshotBuilder{
		client:   c,
		snapshot: &Snapshot{Sentinel: c.Address(), Started: started},
		about:    make(map[string][]string),
	}
}

// ask makes one round trip, and reports whether another makes sense.
func (b *snapshotBuilder) ask(ctx context.Context, general []Command, masters []string) bool {
	perMaster := b.client.asking(len(masters))
	n := len(general) + len(masters)*len(perMaster)
	commands, all := make([][]any, 0, n), make([]any, 0, mostWords*n)
	add := func(command Command, master any) {
		from := len(all)
		all = b.client.arguments(all, command, master)
		commands = append(commands, all[from:len(all):len(all)])
	}
	for _, command := range general {
		add(command, nil)
	}
	for _, name := range masters {
		master := any(name) // once for all its commands
		for _, command := range perMaster {
			add(command, master)
		}
	}
	asksResolve := b.asksResolve()
	if asksResolve {
		commands = append(commands, resolveHostnames())
	}
	replies, err := b.client.exchange(ctx, true, commands)
	if asksResolve && err == nil {
		b.readResolve(replies[len(replies)-1])
		replies = replies[:len(replies)-1]
	}
	if err != nil {
		b.broken = b.client.failure(ctx, err, words(commands[min(len(replies), len(commands)-1)]))
		if b.broken.Reason == ReasonProtocol {
			// The replies that came before it cannot be trusted either.
			b.fail(b.broken, CommandMasters)
			replies = nil
		}
	}
	rest := b.general(general, replies)
	for _, name := range masters {
		n := min(len(rest), len(perMaster))
		b.about[name] = rest[:n]
		rest = rest[n:]
	}
	return err == nil && b.snapshot.Up()
}

// general parses the replies to the general commands and returns the rest.
func (b *snapshotBuilder) general(commands []Command, replies []string) []string {
	for _, command := range commands {
		if len(replies) == 0 {
			b.fail(b.broken, command)
			continue
		}
		if err := b.read(command, replies[0]); err != nil {
			b.fail(err, command)
		}
		replies = replies[1:]
	}
	return replies
}

// read parses the reply to a general command into the snapshot.
func (b *snapshotBuilder) read(command Command, raw string) *Error {
	args := b.client.arguments(make([]any, 0, mostWords), command, nil)
	switch command {
	case CommandInfo:
		return readAnswer(b.client, raw, args, readInfo, &b.snapshot.Info)
	case CommandMyID:
		err := readAnswer(b.client, raw, args, readID, &b.snapshot.ID)
		if err != nil && errors.Is(err, errUnknownCommand) {
			return nil // before 6.2 a Sentinel does not tell its id
		}
		return err
	default:
		parse := func(raw string) ([]Master, error) { return readMasters(b.reading(raw), b.client.lastAddr) }
		return readAnswer(b.client, raw, args, parse, &b.snapshot.Masters)
	}
}

// What an entry costs beside the bytes of its reply: more than its size, since a part of the
// fields has memory of its own.
const (
	masterCost = 1 << 10
	entryCost  = 512 // of a replica, a peer, a node of INFO-CACHE, or ten replicas there
)

// admit counts a master that has been read, and what it costs. The error ends the snapshot.
func (b *snapshotBuilder) admit(m *Master) error {
	entries := len(m.Replicas) + len(m.Peers)
	if b.entries += entries; b.entries > maxAll {
		return fmt.Errorf("%w: it has over %d replicas and peers in all", errMalformed, maxAll)
	}
	return b.client.account.take(masterCost + entries*entryCost + m.cacheCost())
}

func (m *Master) cacheCost() int {
	entries := 0
	for i := range m.Cache {
		entries += 1 + len(m.Cache[i].Attached)/10
	}
	return entries * entryCost
}

// refuse gives up a snapshot that was admitted until now.
func (b *snapshotBuilder) refuse(err error) {
	b.snapshot.Info = nil
	b.fail(b.client.malformed(err, []any{"SENTINEL", "MASTERS"}), CommandMasters)
}

// unasked returns the masters that are new since the last snapshot, for which there are no
// replies yet.
func (b *snapshotBuilder) unasked() []string {
	var names []string
	for i := range b.snapshot.Masters {
		if name := b.snapshot.Masters[i].Name; b.about[name] == nil {
			names = append(names, name)
		}
	}
	return names
}

// fill parses the replies about each master. A master that was removed meanwhile is left out.
// The error says that there is more than a Sentinel may have.
func (b *snapshotBuilder) fill() error {
	gone := make(map[string]bool)
	for i := range b.snapshot.Masters {
		m := &b.snapshot.Masters[i]
		if !b.fillMaster(m, b.about[m.Name]) {
			gone[m.Name] = true
		}
		if err := b.admit(m); err != nil {
			return err
		}
	}
	if len(gone) > 0 {
		b.snapshot.Masters = slices.DeleteFunc(b.snapshot.Masters, func(m Master) bool { return gone[m.Name] })
	}
	now := time.Now()
	for i := range b.snapshot.Masters {
		m := &b.snapshot.Masters[i]
		m.Recent = b.client.recent.of(m.Name, now)
	}
	return nil
}

func (b *snapshotBuilder) fillMaster(m *Master, replies []string) (exists bool) {
	for i, command := range b.client.aboutMaster() {
		err := b.broken
		if i < len(replies) {
			err = b.readAbout(m, command, replies[i])
		}
		if err == nil {
			continue
		}
		if errors.Is(err, ErrNoSuchMaster) {
			return false
		}
		m.failed(command, err)
		b.fail(err, command)
	}
	if demanded := len(b.client.aboutMaster()); len(replies) > demanded {
		b.readCache(m, replies[demanded])
	}
	return true
}

// readCache takes the reply to an INFO-CACHE that is not demanded: that a Sentinel refuses
// it is no failure. It is not asked again then: each refusal would be in its ACL LOG.
func (b *snapshotBuilder) readCache(m *Master, raw string) {
	if err := b.readAbout(m, CommandInfoCache, raw); err != nil && !errors.Is(err, ErrNoSuchMaster) {
		b.client.noCache = true
	}
}

// lookInto asks for INFO-CACHE of those masters that do not look well or were restarted,
// where it was not asked of all. It can say why: a node loads its data, or refuses to be written to.
// The error says that the Sentinel has sent more than it may; any other is no failure.
func (b *snapshotBuilder) lookInto(ctx context.Context) error {
	if !b.snapshot.Up() || b.broken != nil || b.client.options.InfoCache || b.client.noCache {
		return nil //nolint:nilerr // what broke has been told already
	}
	var unwell []*Master
	var commands [][]any
	for i := range b.snapshot.Masters {
		if m := &b.snapshot.Masters[i]; m.Cache == nil && b.isDoubtful(m) && len(unwell) < mostUnwell {
			unwell = append(unwell, m)
			commands = append(commands, b.client.arguments(nil, CommandInfoCache, m.Name))
		}
	}
	if len(unwell) == 0 {
		return nil
	}
	replies, err := b.client.exchange(ctx, true, commands)
	if err != nil { // what does not come is not known
		b.broken = b.client.failure(ctx, err, words(commands[0]))
	}
	for i, raw := range replies {
		b.readCache(unwell[i], raw)
		if err := b.client.account.take(unwell[i].cacheCost()); err != nil {
			return err
		}
	}
	return b.client.account.why()
}

// isDoubtful reports whether INFO-CACHE may tell more of a master.
func (b *snapshotBuilder) isDoubtful(m *Master) bool {
	return !m.looksWell() || b.client.processes.changed(m)
}

// looksWell reports whether the master has replicas, and all are up and linked to theirs.
func (m *Master) looksWell() bool {
	return len(m.Replicas) > 0 && !slices.ContainsFunc(m.Replicas, func(r Replica) bool { return !r.OK() || r.RoleReported == RoleMaster })
}

// readAbout parses the reply to a command about a master into it.
func (b *snapshotBuilder) readAbout(m *Master, command Command, raw string) *Error {
	args := b.client.arguments(make([]any, 0, mostWords), command, nil)
	switch command {
	case CommandReplicas:
		parse := func(raw string) ([]Replica, error) { return readReplicas(b.reading(raw)) }
		err := readAnswer(b.client, raw, args, parse, &m.Replicas)
		if err != nil && errors.Is(err, errUnknownCommand) {
			b.client.slaves = true // from the next snapshot on
		}
		return err
	case CommandSentinels:
		parse := func(raw string) ([]Peer, error) { return readPeers(b.reading(raw), b.lastPeerAddr) }
		err := readAnswer(b.client, raw, args, parse, &m.Peers)
		b.peers = m.Peers
		return err
	case CommandCKQuorum:
		return readAnswer(b.client, raw, args, readCKQuorum, &m.CKQuorum)
	default:
		parse := func(raw string) ([]CachedInfo, error) { return parseInfoCache(raw, m.Name) }
		return readAnswer(b.client, raw, args, parse, &m.Cache)
	}
}

// failed sets the error of a command about the master.
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

// fail adds failed commands to Failures: once for each command and reason, for however many
// masters it failed.
func (b *snapshotBuilder) fail(err *Error, commands ...Command) {
	for _, command := range commands {
		if !b.noted(command, err.Reason) {
			b.snapshot.Failures = append(b.snapshot.Failures, Failure{Command: command, Err: err})
		}
		if command == CommandMasters {
			b.snapshot.Err = err
			b.snapshot.Masters = nil
			b.fail(err, b.client.aboutMaster()...) // without the list of masters these cannot be sent
		}
	}
}

func (b *snapshotBuilder) noted(command Command, reason Reason) bool {
	for i := range b.snapshot.Failures {
		if f := &b.snapshot.Failures[i]; f.Command == command && f.Err.Reason == reason {
			return true
		}
	}
	return false
}

// finish adds the failures to the client's totals and completes the snapshot.
func (b *snapshotBuilder) finish() *Snapshot {
	b.client.count(b.snapshot.Failures)
	return b.close()
}

// close completes the snapshot.
func (b *snapshotBuilder) close() *Snapshot {
	b.snapshot.Duration = time.Since(b.snapshot.Started)
	b.snapshot.ErrorTotals = b.client.count(nil)
	return b.snapshot
}

// count adds failures to the totals, and returns the totals.
func (c *Client) count(failures []Failure) ErrorTotals {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range failures {
		c.totals[failures[i].Command][failures[i].Err.Reason]++
	}
	return c.totals
}

// masterNames returns copies of the names, which do not keep the reply in memory: the last ones, where they are the same.
func masterNames(masters []Master, last []string) []string {
	names := make([]string, len(masters))
	for i := range masters {
		if name := masters[i].Name; i < len(last) && last[i] == name {
			names[i] = last[i]
		} else {
			names[i] = strings.Clone(name)
		}
	}
	return names
}

// lastAddr is the address that a master had in the last snapshot, by its place there.
func (c *Client) lastAddr(place int) string {
	if place >= len(c.known) {
		return ""
	}
	return c.processes[c.known[place]].addr
}

// reading returns the reply for who reads it from front to back.
func (b *snapshotBuilder) reading(raw string) *reply {
	b.reply = reply{raw}
	return &b.reply
}

// lastPeerAddr is the address that a peer has in the list of the last master, by its place there: as a rule
// a Sentinel lists the same peers for all.
func (b *snapshotBuilder) lastPeerAddr(place int) string {
	if place >= len(b.peers) {
		return ""
	}
	return b.peers[place].Addr
}
