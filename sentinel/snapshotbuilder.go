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
	err := b.complete()
	if err == nil {
		err = b.lookInto(ctx)
	}
	if err != nil {
		b.refuse(err)
	}
	c.allowance.judge(cmp.Or(b.broken, b.snapshot.Failed(CommandMasters)))
	if b.snapshot.Up() {
		c.processes.update(b.snapshot.Masters)
		c.known, c.named = masterNames(b.snapshot.Masters), b.snapshot.givesNames()
		c.copies = c.copies.after(len(c.known))
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
	progress []progress     // of each master of the snapshot
	places   map[string]int // of the masters, by name; nil until one has another place than the last time
	broken   *Error         // why an exchange broke
	entries  int            // replicas and peers of all masters
	excess   error          // there is more than a Sentinel may have
	reply    reply          // that is read
}

// A progress is how far the snapshot has come with one master.
type progress struct {
	replies int  // that have been read to the commands about it
	gone    bool // it was removed meanwhile
}

func (c *Client) newSnapshotBuilder(started time.Time) *snapshotBuilder {
	return &snapshotBuilder{client: c, snapshot: &Snapshot{Sentinel: c.Address(), Started: started}}
}

// A round is what one round trip asks for: the general commands, and then those about each of some masters.
type round struct {
	general   []Command
	masters   []string
	perMaster []Command
	failures  int // of the snapshot before it
}

func (r *round) len() int { return len(r.general) + len(r.masters)*len(r.perMaster) }

// ask makes one round trip, reads the replies as they come, and reports whether another makes sense.
func (b *snapshotBuilder) ask(ctx context.Context, general []Command, masters []string) bool {
	r := &round{general, masters, b.client.asking(len(masters)), len(b.snapshot.Failures)}
	n := r.len()
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
		for _, command := range r.perMaster {
			add(command, master)
		}
	}
	if b.asksResolve() {
		commands = append(commands, resolveHostnames())
	}
	answered, err := b.client.stream(ctx, true, commands, func(place int, raw string) { b.take(r, place, raw) })
	if err != nil {
		b.broken = b.client.failure(ctx, err, words(commands[min(answered, len(commands)-1)]))
		if b.broken.Reason == ReasonProtocol {
			answered = 0 // the replies that came before it cannot be trusted either
		}
		if answered == 0 {
			b.forget(r)
		}
		if b.broken.Reason == ReasonProtocol {
			b.fail(b.broken, CommandMasters)
		}
		b.fail(b.broken, general[min(answered, len(general)):]...)
	}
	return err == nil && b.snapshot.Up()
}

// take reads one reply of a round trip.
func (b *snapshotBuilder) take(r *round, place int, raw string) {
	if place == 0 {
		b.forget(r) // a connection before this one may have broken
	}
	if strings.HasPrefix(raw, "-") {
		raw = strings.Clone(raw) // an error quotes it
	}
	switch about := place - len(r.general); {
	case about < 0:
		b.general(r.general[place], raw)
	case place < r.len():
		b.about(r.masters, about/len(r.perMaster), r.perMaster[about%len(r.perMaster)], raw)
	default:
		b.readResolve(raw)
	}
}

// forget begins a round trip anew.
func (b *snapshotBuilder) forget(r *round) {
	s := b.snapshot
	s.Failures = s.Failures[:r.failures]
	if len(r.general) > 0 {
		s.Info, s.ID, s.Err, s.Masters = nil, "", nil, nil
		b.progress, b.places, b.entries, b.excess = nil, nil, 0, nil
		b.client.copies.begin()
		return
	}
	for place := range r.masters {
		if i := b.find(r.masters, place); i >= 0 {
			m := &s.Masters[i]
			b.entries -= len(m.Replicas) + len(m.Peers)
			m.Replicas, m.Peers, m.CKQuorum, m.Cache = nil, nil, nil, nil
			m.ReplicasErr, m.PeersErr, m.CKQuorumErr = nil, nil, nil
			b.progress[i] = progress{}
		}
	}
}

// find returns the place in the snapshot of a master that was asked about; -1 if the Sentinel monitors it no longer.
// As a rule it is the same.
func (b *snapshotBuilder) find(asked []string, place int) int {
	if place < len(b.snapshot.Masters) && b.snapshot.Masters[place].Name == asked[place] {
		return place
	}
	if b.places == nil {
		b.places = make(map[string]int, len(b.snapshot.Masters))
		for i := range slices.Backward(b.snapshot.Masters) { // of two with one name, which no Sentinel has, the first
			b.places[b.snapshot.Masters[i].Name] = i
		}
	}
	if i, found := b.places[asked[place]]; found {
		return i
	}
	return -1
}

// general reads the reply to a general command into the snapshot.
func (b *snapshotBuilder) general(command Command, raw string) {
	if err := b.read(command, raw); err != nil {
		b.fail(err, command)
		return
	}
	if command == CommandMasters {
		b.progress = make([]progress, len(b.snapshot.Masters))
		b.excess = b.client.account.take(masterCost * len(b.snapshot.Masters))
	}
}

// about reads the reply to a command about one of the masters that were asked about.
func (b *snapshotBuilder) about(masters []string, place int, command Command, raw string) {
	i := b.find(masters, place)
	if i < 0 || b.progress[i].gone || b.excess != nil {
		return
	}
	b.progress[i].replies++
	m := &b.snapshot.Masters[i]
	if command == CommandInfoCache && !b.client.options.InfoCache {
		b.readCache(m, raw)
	} else if err := b.readAbout(m, command, raw); err != nil {
		if b.progress[i].gone = errors.Is(err, ErrNoSuchMaster); b.progress[i].gone {
			return
		}
		m.failed(command, err)
		b.fail(err, command)
	}
	b.excess = b.admit(m, command)
}

// read parses the reply to a general command.
func (b *snapshotBuilder) read(command Command, raw string) *Error {
	args := b.client.arguments(make([]any, 0, mostWords), command, nil)
	s, t := b.snapshot, b.client.copies
	switch command {
	case CommandInfo:
		err := readAnswer(b.client, raw, args, readInfo, &s.Info)
		if err == nil {
			s.Info.keep(t)
		}
		return err
	case CommandMyID:
		err := readAnswer(b.client, raw, args, readID, &s.ID)
		if err != nil && errors.Is(err, errUnknownCommand) {
			return nil // before 6.2 a Sentinel does not tell its id
		}
		s.ID = t.of(s.ID)
		return err
	default:
		parse := func(raw string) ([]Master, error) { return readMasters(b.reading(raw)) }
		return readAnswer(b.client, raw, args, parse, &s.Masters)
	}
}

// What an entry costs beside the bytes of its reply: more than its size, since a part of the
// fields has memory of its own.
const (
	masterCost = 1 << 10
	entryCost  = 512 // of a replica, a peer, a node of INFO-CACHE, or ten replicas there
)

// admit counts what has been read to a command about a master, and what it costs. The error ends the snapshot.
func (b *snapshotBuilder) admit(m *Master, command Command) error {
	entries, cost := 0, 0
	switch command {
	case CommandReplicas:
		entries = len(m.Replicas)
	case CommandSentinels:
		entries = len(m.Peers)
	case CommandInfoCache:
		cost = m.cacheCost()
	}
	if b.entries += entries; b.entries > maxAll {
		return fmt.Errorf("%w: it has over %d replicas and peers in all", errMalformed, maxAll)
	}
	if cost += entries * entryCost; cost == 0 {
		return nil
	}
	return b.client.account.take(cost)
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
	for i, p := range b.progress {
		if p.replies == 0 {
			names = append(names, b.snapshot.Masters[i].Name)
		}
	}
	return names
}

// complete says why there are no replies where there are none, and leaves out masters that were removed meanwhile. The
// error says that there is more than a Sentinel may have.
func (b *snapshotBuilder) complete() error {
	if b.excess != nil {
		return b.excess
	}
	s, n, now := b.snapshot, 0, time.Now()
	for i := range s.Masters {
		if b.progress[i].gone || b.progress[i].replies == 0 && b.broken == nil { // a second one with the same name
			continue
		}
		m := &s.Masters[n]
		if n < i {
			*m = s.Masters[i]
		}
		n++
		for _, command := range b.client.aboutMaster()[min(b.progress[i].replies, len(b.client.aboutMaster())):] {
			m.failed(command, b.broken)
			b.fail(b.broken, command)
		}
		m.Recent = b.client.recent.of(m.Name, now)
	}
	clear(s.Masters[n:])
	s.Masters = s.Masters[:n]
	return nil
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

// looksWell reports whether the master is one and has replicas, and all are up and linked to theirs.
func (m *Master) looksWell() bool {
	return m.RoleReported != RoleReplica && len(m.Replicas) > 0 && !slices.ContainsFunc(m.Replicas, func(r Replica) bool { return !r.OK() || r.RoleReported == RoleMaster })
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
		parse := func(raw string) ([]Peer, error) { return readPeers(b.reading(raw)) }
		return readAnswer(b.client, raw, args, parse, &m.Peers)
	case CommandCKQuorum:
		err := readAnswer(b.client, raw, args, readCKQuorum, &m.CKQuorum)
		if err == nil {
			m.CKQuorum.keep(b.client.copies)
		}
		return err
	default:
		parse := func(raw string) ([]CachedInfo, error) { return parseInfoCache(raw, m.Name) }
		err := readAnswer(b.client, raw, args, parse, &m.Cache)
		for i := range m.Cache {
			m.Cache[i].keep(b.client.copies)
		}
		return err
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

func masterNames(masters []Master) []string {
	names := make([]string, len(masters))
	for i := range masters {
		names[i] = masters[i].Name
	}
	return names
}

// reading returns the reply for who reads it from front to back.
func (b *snapshotBuilder) reading(raw string) *reply {
	b.reply = reply{raw, b.client.copies}
	return &b.reply
}
