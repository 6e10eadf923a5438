package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// A move gives a name to another node, in the order that moved the clients of nearly all libraries: writes to the
// old master wait; the new node has all of them and is promoted; REMOVE on all Sentinels, then MONITOR on all,
// since one that still has the name tells the others where the master is; the subscribers are disconnected, and ask
// again; the old master follows the new one, and its clients are disconnected.
type move struct {
	*job
	steps    []*step          // of the Sentinels that take part
	old      *sentinel.Master // where the name is; nil if it is nowhere but at the new node
	target   *datanode.Conn   // the new node
	promoted bool
	raised   *fence
}

// planMove says what is sent to a Sentinel. It is done for all of them together.
func (j *job) planMove(s *step) {
	if j.isThere(s.master) {
		s.note = "the Sentinel monitors the master there already"
	} else {
		if s.master != nil {
			s.commands = append(s.commands, command("SENTINEL REMOVE", j.Master))
		}
		s.commands = append(s.commands, command("SENTINEL MONITOR", append([]string{j.Master}, j.target()...)...))
		for _, o := range j.carried(s) {
			s.commands = append(s.commands, command("SENTINEL SET", j.Master)+" "+o.String())
		}
	}
	s.commands = append(s.commands, "CLIENT KILL TYPE pubsub")
}

// isThere reports whether a Sentinel has the name at the new node.
func (j *job) isThere(m *sentinel.Master) bool {
	if m == nil {
		return false
	}
	same, err := j.assessment.hosts.sameAddress(m.Advertised(), j.Address)
	return err == nil && same
}

// oldMaster returns the master as a Sentinel has it that does not have it at the new node; nil if none does.
func (j *job) oldMaster() *sentinel.Master {
	for _, v := range deployment.Authoritative(j.assessment.views(j.Master)) {
		if !j.isThere(v.Master) {
			return v.Master
		}
	}
	return nil
}

// carried returns the settings that a Sentinel gets: those that are given, and those that it has.
func (j *job) carried(s *step) []sentinel.Option {
	settings := slices.Clone(j.Settings)
	for _, o := range options() {
		given := slices.ContainsFunc(settings, func(g sentinel.Option) bool { return g.Name == o.name })
		if o.read == nil || o.name == sentinel.SettingQuorum || given || s.master == nil {
			continue
		}
		if value := o.read(s.master); value.Present {
			settings = append(settings, sentinel.Option{Name: o.name, Values: []string{strconv.FormatInt(value.Value, 10)}})
		}
	}
	return settings
}

// node returns a connection to a data node. The caller must close it.
func (j *job) node(addr string) *datanode.Conn {
	o := *j.operator.nodes
	o.Address = addr
	return datanode.New(o)
}

// followers returns the addresses of the nodes that will follow the new one, the old master first.
func (j *job) followers() []string {
	old := j.oldMaster()
	if old == nil {
		return nil
	}
	addrs := []string{old.Advertised()}
	for i := range old.Replicas {
		r := &old.Replicas[i]
		if same, err := j.assessment.hosts.sameAddress(r.Addr, j.Address); (err != nil || !same) && r.OK() && !slices.Contains(addrs, r.Addr) {
			addrs = append(addrs, r.Addr)
		}
	}
	return addrs
}

// cannotMove looks at the nodes and at what is permitted, and returns what speaks against moving the name.
func (j *job) cannotMove(ctx context.Context) []health.Finding {
	var found []health.Finding
	refused := func(who string, err error) {
		if err != nil {
			found = append(found, about(&j.Operation, checkMoveRefused, "Permit it; docs/admin.md has the permissions.", "%s: %v; nothing was done", who, err))
		}
	}
	old, target := j.oldMaster(), j.node(j.Address)
	defer target.Close()
	var link datanode.Link
	refused(j.Address, j.within(func(ctx context.Context) (err error) {
		link, err = target.Link(ctx)
		return err
	})(ctx))
	follows := link.Replica && old != nil && sameNode(ctx, link.Master, old.Advertised())
	switch {
	case len(found) > 0 || old == nil:
	case link.Replica && !follows:
		found = append(found, about(&j.Operation, checkMoveLosesData, "Make it a replica of the master that is to be moved.",
			"%s is a replica of %s, not of %s: it has other data", j.Address, link.Master, old.Advertised()))
	case !link.Replica:
		found = append(found, about(&j.Operation, checkMoveLosesData, "Make it a replica of that one first (REPLICAOF). Force it if its own data is to replace theirs.",
			"%s is no replica of %s: that one would become its replica, with its replicas, and lose its data", j.Address, old.Advertised()))
	}
	if j.needsPassword(ctx) && !slices.ContainsFunc(j.Settings, func(o sentinel.Option) bool { return o.Name == "auth-pass" }) {
		found = append(found, about(&j.Operation, checkMoveRefused, "Give --auth-pass-file on the command line, auth-pass in \"set\" over HTTP; with --set auth-user=... where it is not the default user.",
			"%s requires a password, and the Sentinels forget theirs", j.Address))
	}
	for _, addr := range append(j.followers(), j.Address) {
		conn := j.node(addr)
		refused(addr, j.within(conn.MayFollow)(ctx))
		conn.Close()
	}
	j.operator.deployment.WithClients(func(clients []*sentinel.Client) {
		for _, c := range clients {
			if !slices.ContainsFunc(j.assessment.snapshots, func(s *sentinel.Snapshot) bool { return s.Sentinel == c.Address() && s.Up() }) {
				continue
			}
			refused(c.Address(), j.within(c.KillNobody)(ctx))
			// A quorum of 0 is refused, but only to who may do it at all.
			err := j.within(func(ctx context.Context) error { return c.Monitor(ctx, j.Master, j.Address, 0) })(ctx)
			if !errors.Is(err, sentinel.ErrInvalidArgument) {
				refused(c.Address(), err)
			}
		}
	})
	return found
}

// needsPassword reports whether the new node lets nobody in without one.
func (j *job) needsPassword(ctx context.Context) bool {
	o := *j.operator.nodes
	o.Address, o.Username, o.Password = j.Address, "", nil
	conn := datanode.New(o)
	defer conn.Close()
	err := j.within(func(ctx context.Context) error {
		_, err := conn.Link(ctx)
		return err
	})(ctx)
	return err != nil && strings.Contains(err.Error(), "NOAUTH")
}

// move moves the name, and sets the errors of the steps.
func (j *job) move(ctx context.Context, steps []*step) {
	m := &move{job: j, old: j.oldMaster(), target: j.node(j.Address)}
	defer m.target.Close()
	for _, s := range steps {
		if s.err == nil {
			m.steps = append(m.steps, s)
		}
	}
	defer func() { m.raised.lower(ctx) }()
	if err := m.hold(ctx); err != nil {
		m.fail(err)
		return
	}
	if err := m.rename(ctx); err != nil {
		m.fail(err)
		return
	}
	// From here on there is no way back, so that it is done to its end.
	ctx = context.WithoutCancel(ctx)
	for _, s := range m.steps {
		m.say(s.sentinel + ": CLIENT KILL TYPE pubsub")
		m.incomplete(s.sentinel, m.within(s.client.KillSubscribers)(ctx))
	}
	m.follow(ctx)
	if m.old != nil {
		m.answer.PreviousAddress = m.old.Advertised()
	}
	m.answer.Address = m.Address
	m.waitFollowed(ctx, &sentinel.Master{Instance: sentinel.Instance{Addr: m.Address}})
}

// fail sets the error of the steps that have none.
func (m *move) fail(err error) {
	for _, s := range m.steps {
		if s.err == nil {
			s.err, s.changed = err, false
		}
	}
}

// hold holds up the writes to the old master, and promotes the new node when it has all of them.
func (m *move) hold(ctx context.Context) (err error) {
	var link datanode.Link
	if err := m.within(func(ctx context.Context) (err error) {
		link, err = m.target.Link(ctx)
		return err
	})(ctx); err != nil {
		return fmt.Errorf("%s: %w; nothing was done", m.Address, err)
	}
	if m.old != nil {
		replica := ""
		if link.Replica {
			replica = m.Address
		}
		if m.raised, err = m.raiseFence(ctx, m.old, replica); err != nil {
			return err
		}
	}
	if !link.Replica {
		return nil
	}
	m.say(m.Address + ": REPLICAOF NO ONE")
	return m.within(func(ctx context.Context) error {
		if err := m.target.Promote(ctx); err != nil {
			return fmt.Errorf("%s: %w; nothing else was done", m.Address, err)
		}
		m.promoted = true
		now, err := m.target.Link(ctx)
		if err == nil && now.Replica {
			err = errors.New("it says that it is a replica")
		}
		if err != nil {
			return fmt.Errorf("%s was not seen to become a master: %w; %s", m.Address, err, m.undo(ctx, nil))
		}
		return nil
	})(ctx)
}

// rename removes the name from all Sentinels, then gives it to all. If one does not remove it, or none takes it, all
// is as it was, but for what no Sentinel shows.
func (m *move) rename(ctx context.Context) error {
	var removed []*step
	for _, s := range m.steps {
		if s.master == nil || m.isThere(s.master) {
			continue
		}
		m.say(s.sentinel + ": " + command("SENTINEL REMOVE", m.Master))
		err := m.within(func(ctx context.Context) error { return s.client.Remove(ctx, m.Master) })(ctx)
		removed = append(removed, s) // also if it does not answer: it may have removed it
		if err != nil && !errors.Is(err, sentinel.ErrNoSuchMaster) {
			return fmt.Errorf("%s: %w; %s", s.sentinel, err, m.undo(ctx, removed))
		}
	}
	ctx = context.WithoutCancel(ctx) // the name is nowhere
	var last error
	for _, s := range m.steps {
		if m.isThere(s.master) {
			continue
		}
		m.say(s.sentinel + ": " + command("SENTINEL MONITOR", append([]string{m.Master}, m.job.target()...)...))
		if s.err = m.within(func(ctx context.Context) error { return s.client.Monitor(ctx, m.Master, m.Address, m.Quorum) })(ctx); s.err != nil {
			s.err = m.aboutName(s.err)
			last = s.err
			continue
		}
		s.changed = true
	}
	if last != nil && !slices.ContainsFunc(m.steps, func(s *step) bool { return s.err == nil }) {
		return fmt.Errorf("no Sentinel takes it: %w; %s", last, m.undo(ctx, removed))
	}
	m.operator.removed.forget(m.Master)
	for _, s := range m.steps {
		if s.changed {
			s.err = m.within(func(ctx context.Context) error { return m.settle(ctx, s) })(ctx)
		}
	}
	return nil
}

// settle gives a Sentinel the settings, and reads them back.
func (m *move) settle(ctx context.Context, s *step) error {
	settings := m.carried(s)
	if err := s.client.Set(ctx, m.Master, settings...); err != nil {
		return fmt.Errorf("the Sentinel monitors the master, but lacks settings: %w", err)
	}
	now, err := s.client.Master(ctx, m.Master)
	if err != nil {
		return unread(err)
	}
	if now.Quorum.Value != int64(m.Quorum) {
		return fmt.Errorf("the Sentinel said OK, but shows the quorum %d", now.Quorum.Value)
	}
	for _, o := range settings {
		if shown, same := shows(now, o); !same {
			return fmt.Errorf("the Sentinel said OK to %s, but shows %s", o, shown)
		}
	}
	return nil
}

// undo gives the name back to the Sentinels that have removed it, makes the new node a replica again, and says what
// has come of that.
func (m *move) undo(ctx context.Context, removed []*step) string {
	ctx = context.WithoutCancel(ctx)
	var failed []string
	for _, s := range removed {
		s.changed, s.err = false, nil
		err := m.within(func(ctx context.Context) error {
			err := s.client.Monitor(ctx, m.Master, s.master.Advertised(), int(s.master.Quorum.Value))
			if errors.Is(err, sentinel.ErrDuplicateMaster) { // it had not removed it
				return nil
			}
			if err != nil {
				return err
			}
			return s.client.Set(ctx, m.Master, m.carried(s)...)
		})(ctx)
		if err != nil {
			failed = append(failed, fmt.Sprintf("MONITOR %s at %s there: %v", m.Master, s.sentinel, err))
		}
	}
	if m.promoted {
		if err := m.within(func(ctx context.Context) error { return m.target.Follow(ctx, m.old.Advertised()) })(ctx); err != nil {
			failed = append(failed, fmt.Sprintf("REPLICAOF at %s: %v", m.Address, err))
		}
	}
	switch {
	case len(failed) > 0:
		return "it could not be undone: " + strings.Join(failed, "; ")
	case len(removed) > 0:
		return "it was undone, but for the settings that no Sentinel shows"
	}
	return "it was undone"
}

// follow makes the old nodes replicas of the new one, and waits until they have their link.
func (m *move) follow(ctx context.Context) {
	for i, addr := range m.followers() {
		m.say(fmt.Sprintf("%s: REPLICAOF %s, CLIENT KILL TYPE normal", addr, m.Address))
		conn := m.node(addr)
		if i == 0 { // the pause is this connection's to end
			m.incomplete(addr, m.within(func(ctx context.Context) error { return m.raised.conn.Follow(ctx, m.Address) })(ctx))
			if late := time.Since(m.raised.until); late > 0 {
				m.incomplete(addr, fmt.Errorf("it took writes for %s after the pause, which are lost", late.Round(time.Millisecond)))
			}
		} else {
			m.incomplete(addr, m.within(func(ctx context.Context) error { return conn.Follow(ctx, m.Address) })(ctx))
		}
		conn.Close()
	}
	m.raised.lower(ctx)
	m.raised = nil
	for _, addr := range m.followers() {
		m.incomplete(addr, m.waitLinked(ctx, addr))
	}
}

func (m *move) waitLinked(ctx context.Context, addr string) error {
	conn := m.node(addr)
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, infoPatience)
	defer cancel()
	return waitUntil(ctx, func() (bool, error) {
		link, err := conn.Link(ctx)
		switch {
		case err != nil:
			return false, err
		case !link.Replica || !sameNode(ctx, link.Master, m.Address):
			return false, fmt.Errorf("it is no replica of %s", m.Address)
		case !link.Up:
			return false, fmt.Errorf("its link to %s is not up yet", m.Address)
		}
		return true, nil
	})
}

// incomplete adds a finding if something was not done that is no reason to stop.
func (m *move) incomplete(who string, err error) {
	if err == nil {
		return
	}
	f := about(&m.Operation, checkMoveIncomplete, "Do this by hand: clients that know the old master go on there until then.", "%s: %v", who, err)
	f.Severity, f.Runbook = health.Warning, runbookMoving
	m.answer.Findings = append(m.answer.Findings, f)
}
