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

	if b.ask(ctx, generalCommands(), c.known, b.placeOfKnown) {
		if places := b.unasked(); len(places) > 0 {
			names := make([]string, len(places))
			for k, place := range places {
				names[k] = b.snapshot.Masters[place].Name
			}
			b.ask(ctx, nil, names, func(k int) int { return places[k] })
		}
	}
	b.complete()
	if b.excess == nil {
		b.excess = b.lookInto(ctx)
	}
	if b.excess != nil {
		b.refuse(b.excess)
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
	about    []progress     // of the masters, by their places in the snapshot
	places   map[string]int // of the masters by name; nil until one is not where it was in the last snapshot
	broken   *Error         // why an exchange broke
	excess   error          // the Sentinel has more than one may have
	peers    []Peer         // of the last master that was filled
	entries  int            // replicas and peers of all masters
	reply    reply          // that is read
}

// A progress says how far the commands about one master are.
type progress struct {
	asked   bool
	replies int
	gone    bool // the Sentinel knows it no more
}

func (c *Client) newSnapshotBuilder(started time.Time) *snapshotBuilder {
	return &snapshotBuilder{client: c, snapshot: &Snapshot{Sentinel: c.Address(), Started: started}}
}

// ask makes one round trip, and reports whether another makes sense. The place of the k-th of the masters in the
// snapshot is known when MASTERS has been answered; it is -1 if the Sentinel does not have it any more.
func (b *snapshotBuilder) ask(ctx context.Context, general []Command, masters []string, place func(k int) int) bool {
	perMaster := b.client.asking(len(masters))
	n := len(general) + len(masters)*len(perMaster)
	commands, all := make([][]any, 0, n+1), make([]any, 0, mostWords*n)
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
	if b.asksResolve() {
		commands = append(commands, resolveHostnames())
	}
	came := 0
	take := func(raw string) {
		switch i := came - len(general); {
		case i < 0:
			b.takeGeneral(general[came], raw)
		case i < len(masters)*len(perMaster):
			b.takeAbout(place(i/len(perMaster)), perMaster[i%len(perMaster)], raw)
		default:
			b.readResolve(raw)
		}
		came++
	}
	err := b.client.relay(ctx, true, commands, func(replies []string) {
		if replies == nil {
			came = 0
			b.again(general, masters, place)
		}
		for _, raw := range replies {
			take(raw)
		}
	})
	if err != nil {
		b.breakOff(b.client.failure(ctx, err, words(commands[min(came, len(commands)-1)])), general, came)
	}
	for k := range masters {
		if at := place(k); at >= 0 {
			b.about[at].asked = true
		}
	}
	return err == nil && b.excess == nil && b.snapshot.Up()
}

// again forgets what was answered to commands that are asked again.
func (b *snapshotBuilder) again(general []Command, masters []string, place func(k int) int) {
	if len(general) > 0 {
		*b = *b.client.newSnapshotBuilder(b.snapshot.Started)
		return
	}
	for k := range masters {
		m := &b.snapshot.Masters[place(k)]
		b.entries -= len(m.Replicas) + len(m.Peers)
		m.Replicas, m.Peers, m.CKQuorum, m.Cache = nil, nil, nil, nil
		m.ReplicasErr, m.PeersErr, m.CKQuorumErr = nil, nil, nil
		b.about[place(k)] = progress{}
	}
}

// breakOff takes the error that has ended an exchange, which began with the general commands.
func (b *snapshotBuilder) breakOff(err *Error, general []Command, came int) {
	if err.Reason == ReasonProtocol {
		// The replies that came before it cannot be trusted either.
		if len(general) > 0 {
			*b = *b.client.newSnapshotBuilder(b.snapshot.Started)
		}
		b.fail(err, CommandMasters)
		came = 0
	}
	b.broken = err
	b.fail(err, general[min(came, len(general)):]...)
}

// placeOfKnown returns the place of a master of the last snapshot in this one.
func (b *snapshotBuilder) placeOfKnown(k int) int {
	masters, name := b.snapshot.Masters, b.client.known[k]
	if k < len(masters) && masters[k].Name == name {
		return k
	}
	if b.places == nil {
		b.places = make(map[string]int, len(masters))
		for place := range masters {
			b.places[masters[place].Name] = place
		}
	}
	if place, found := b.places[name]; found {
		return place
	}
	return -1
}

// takeGeneral takes the reply to a general command.
func (b *snapshotBuilder) takeGeneral(command Command, raw string) {
	if err := b.read(command, raw); err != nil {
		b.fail(err, command)
	}
	if command == CommandMasters {
		b.about = make([]progress, len(b.snapshot.Masters))
		b.admit(0, masterCost*len(b.snapshot.Masters))
	}
}

// takeAbout takes the next reply about a master.
func (b *snapshotBuilder) takeAbout(place int, command Command, raw string) {
	if place < 0 || b.about[place].gone || b.excess != nil {
		return
	}
	m, progress := &b.snapshot.Masters[place], &b.about[place]
	if progress.replies++; progress.replies > len(b.client.aboutMaster()) {
		b.readCache(m, raw)
	} else if err := b.readAbout(m, command, raw); err != nil {
		if errors.Is(err, ErrNoSuchMaster) {
			progress.gone = true
			return
		}
		m.failed(command, err)
		b.fail(err, command)
	}
	switch command {
	case CommandReplicas:
		b.admit(len(m.Replicas), entryCost*len(m.Replicas))
	case CommandSentinels:
		b.admit(len(m.Peers), entryCost*len(m.Peers))
	case CommandInfoCache:
		b.admit(0, m.cacheCost())
	}
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

// admit counts what has been read, and what it costs. If that is too much it ends the snapshot.
func (b *snapshotBuilder) admit(entries, bytes int) {
	if b.entries += entries; b.entries > maxAll {
		b.excess = fmt.Errorf("%w: it has over %d replicas and peers in all", errMalformed, maxAll)
	} else {
		b.excess = cmp.Or(b.excess, b.client.account.take(bytes))
	}
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

// unasked returns the places of the masters that are new since the last snapshot.
func (b *snapshotBuilder) unasked() []int {
	var places []int
	for place := range b.snapshot.Masters {
		if !b.about[place].asked {
			places = append(places, place)
		}
	}
	return places
}

// complete says of each master what was not answered. A master that was removed meanwhile is left out.
func (b *snapshotBuilder) complete() {
	now, gone := time.Now(), false
	for place := range b.snapshot.Masters {
		m, progress := &b.snapshot.Masters[place], &b.about[place]
		if progress.gone {
			gone = true
			continue
		}
		if demanded := b.client.aboutMaster(); b.broken != nil && progress.replies < len(demanded) {
			for _, command := range demanded[progress.replies:] {
				m.failed(command, b.broken)
				b.fail(b.broken, command)
			}
		}
		m.Recent = b.client.recent.of(m.Name, now)
	}
	if gone {
		place := -1
		b.snapshot.Masters = slices.DeleteFunc(b.snapshot.Masters, func(Master) bool {
			place++
			return b.about[place].gone
		})
	}
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
