package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"redis_sentinel_exporter/internal/sentineltest"
)

func killSentinel(_ context.Context, r *Rig) (Mend, error) {
	s := r.sentinel(2)
	s.Kill()
	return s.Restart, nil
}

func hangSentinel(_ context.Context, r *Rig) (Mend, error) {
	s := r.sentinel(1)
	return func(context.Context) error { return s.Resume() }, s.Hang()
}

func killTwoSentinels(_ context.Context, r *Rig) (Mend, error) {
	r.sentinel(1).Kill()
	r.sentinel(2).Kill()
	return func(ctx context.Context) error {
		return errors.Join(r.sentinel(1).Restart(ctx), r.sentinel(2).Restart(ctx))
	}, nil
}

// forbid takes a permission away, which holds for connections that exist.
func forbid(ctx context.Context, r *Rig) (Mend, error) {
	n := r.sentinel(0).Node
	mend := func(ctx context.Context) error { return run(ctx, n, command("ACL", "SETUSER", "default", "+@all")) }
	return mend, run(ctx, n, command("ACL", "SETUSER", "default", "-sentinel|masters"))
}

// refuseEvents takes away the permission to subscribe, and ends the subscriptions
// that exist.
func refuseEvents(ctx context.Context, r *Rig) (Mend, error) {
	n := r.sentinel(0).Node
	mend := func(ctx context.Context) error { return run(ctx, n, command("ACL", "SETUSER", "default", "+@all")) }
	return mend, run(ctx, n, command("ACL", "SETUSER", "default", "-subscribe", "-psubscribe"), command("CLIENT", "KILL", "TYPE", "pubsub"))
}

// refuseAgreement forbids the Sentinels to tell each other whether they consider the master
// down, and kills it: each answers the PING of the others, and none starts a failover.
func refuseAgreement(ctx context.Context, r *Rig) (Mend, error) {
	master, _, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	mend := func(ctx context.Context) error {
		if err := master.Restart(ctx); err != nil {
			return err
		}
		for _, s := range r.Sentinels { // or they would agree, and fail over
			if err := until(ctx, s.Name()+" sees it", func() (bool, error) {
				row, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
				return row.Get("flags") == "master", err
			}); err != nil {
				return err
			}
		}
		return r.each(ctx, "ACL", "SETUSER", "default", "+@all")
	}
	if err := r.each(ctx, "ACL", "SETUSER", "default", "-sentinel|is-master-down-by-addr"); err != nil {
		return mend, err
	}
	master.Kill()
	return mend, nil
}

// muteHellos forbids the Sentinels to publish on the data nodes, and makes them forget each
// other: they find nobody again.
func muteHellos(ctx context.Context, r *Rig) (Mend, error) {
	// One that still knows another says hello to it directly, until it has forgotten it too. Before 6.2 nothing can
	// forbid that, and it takes more than one RESET.
	greet := func(ctx context.Context, sign string) {
		for _, s := range r.Sentinels {
			_, _ = s.CLI(ctx, "ACL", "SETUSER", "default", sign+"publish")
		}
	}
	mend := func(ctx context.Context) error {
		greet(ctx, "+")
		return r.allow(ctx, "+@all")
	}
	greet(ctx, "-")
	if err := r.allow(ctx, "-publish"); err != nil {
		return mend, err
	}
	return mend, until(ctx, "each Sentinel knows no other", func() (bool, error) {
		alone := true
		for _, s := range r.Sentinels {
			row, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
			if err != nil {
				return false, err
			}
			if row.Get("num-other-sentinels") == "0" {
				continue
			}
			alone = false
			if err := run(ctx, s.Node, command("SENTINEL", "RESET", MasterName)); err != nil {
				return false, err
			}
		}
		return alone, nil
	})
}

func tilt(ctx context.Context, r *Rig) (Mend, error) {
	return r.sentinel(1).EndTilt, r.sentinel(1).ForceTilt(ctx)
}

func simulateFailure(ctx context.Context, r *Rig) (Mend, error) {
	n := r.sentinel(1).Node
	mend := func(ctx context.Context) error { return run(ctx, n, command("SENTINEL", "SIMULATE-FAILURE", "HELP")) }
	return mend, run(ctx, n, command("SENTINEL", "SIMULATE-FAILURE", "crash-after-election"))
}

// fillClients opens connections up to just below the limit.
func fillClients(ctx context.Context, r *Rig) (Mend, error) {
	const enough = 95 // of 100, with some left for those who look
	s := r.sentinel(0)
	var open []net.Conn
	mend := func(context.Context) error {
		var errs []error
		for _, conn := range open {
			errs = append(errs, conn.Close())
		}
		return errors.Join(errs...)
	}
	// What is counted at first may be about to go: a busy server has not yet seen
	// that they are closed. So it is counted again until none is missing.
	return mend, until(ctx, "the connections are enough", func() (bool, error) {
		info, err := s.Info(ctx, "clients")
		if err != nil {
			return false, err
		}
		now, err := strconv.Atoi(info["connected_clients"])
		if err != nil {
			return false, fmt.Errorf("connected_clients: %w", err)
		}
		var d net.Dialer
		for range enough - now {
			conn, err := d.DialContext(ctx, "tcp", s.Addr())
			if err != nil {
				return false, err
			}
			open = append(open, conn)
		}
		return now >= enough, nil
	})
}

// fillAllClients opens connections until there is no place for another.
func fillAllClients(ctx context.Context, r *Rig) (Mend, error) {
	s := r.sentinel(0)
	var open []net.Conn
	mend := func(context.Context) error {
		var errs []error
		for _, conn := range open {
			errs = append(errs, conn.Close())
		}
		return errors.Join(errs...)
	}
	return mend, until(ctx, "the Sentinel has no place", func() (bool, error) {
		var d net.Dialer
		for range 50 {
			conn, err := d.DialContext(ctx, "tcp", s.Addr())
			if err != nil {
				return false, err
			}
			open = append(open, conn)
		}
		said, err := s.CLI(ctx, "PING")
		return strings.Contains(fmt.Sprint(said, err), "max number of clients"), nil
	})
}

// askAnew asks the Sentinels over connections that are made only after the fault.
func askAnew(r *Rig) ([]string, error) { return r.ClientAddrs(), nil }

// queueScripts makes events, each of which calls a script that does not end.
func queueScripts(ctx context.Context, r *Rig) (Mend, error) {
	s := r.sentinel(0)
	script, hold := filepath.Join(s.Dir(), "wait.sh"), filepath.Join(s.Dir(), "hold")
	mend := func(ctx context.Context) error {
		return errors.Join(os.Remove(hold), run(ctx, s.Node, command("SENTINEL", "SET", MasterName, "notification-script", "")))
	}
	if err := os.WriteFile(hold, nil, 0o600); err != nil {
		return nothing, err
	}
	text := fmt.Sprintf("#!/bin/sh\nwhile [ -e '%s' ]; do sleep 0.1; done\n", hold)
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil { //nolint:gosec // a script must be executable
		return mend, err
	}
	if err := run(ctx, s.Node, command("SENTINEL", "SET", MasterName, "notification-script", script)); err != nil {
		return mend, err
	}
	pairs := command("SENTINEL", "SET", MasterName)
	for range 140 {
		pairs = append(pairs, "parallel-syncs", "1") // each is an event
	}
	return mend, run(ctx, s.Node, pairs)
}

func driftSettings(ctx context.Context, r *Rig) (Mend, error) {
	n := r.sentinel(2).Node
	mend := func(ctx context.Context) error {
		return run(ctx, n, command("SENTINEL", "SET", MasterName, "parallel-syncs", "1"))
	}
	return mend, run(ctx, n, command("SENTINEL", "SET", MasterName, "parallel-syncs", "3"))
}

func lowQuorum(ctx context.Context, r *Rig) (Mend, error) {
	mend := func(ctx context.Context) error { return r.each(ctx, "SENTINEL", "SET", MasterName, "quorum", "2") }
	return mend, r.each(ctx, "SENTINEL", "SET", MasterName, "quorum", "1")
}

func removeMaster(ctx context.Context, r *Rig) (Mend, error) {
	mend := func(ctx context.Context) error {
		if r.monitors(ctx, 2, MasterName) {
			return nil // somebody has followed the hint
		}
		return r.monitorAgain(ctx, 2)
	}
	return mend, run(ctx, r.sentinel(2).Node, command("SENTINEL", "REMOVE", MasterName))
}

// leaveOthers makes a Sentinel one that no longer monitors the master, which only those know that ask it.
func leaveOthers(ctx context.Context, r *Rig) (Mend, error) {
	return func(ctx context.Context) error { return r.monitorAgain(ctx, 2) },
		run(ctx, r.sentinel(2).Node, command("SENTINEL", "REMOVE", MasterName))
}

// askTheOthers leaves out the Sentinel of [leaveOthers].
func askTheOthers(r *Rig) ([]string, error) { return r.ClientAddrs()[:2], nil }

func (r *Rig) monitors(ctx context.Context, i int, name string) bool {
	_, err := r.sentinel(i).Row(ctx, "SENTINEL", "MASTER", name)
	return err == nil
}

// monitorAgain makes a Sentinel monitor what the first one does, with the same
// settings.
func (r *Rig) monitorAgain(ctx context.Context, i int) error {
	row, err := r.sentinel(0).Row(ctx, "SENTINEL", "MASTER", MasterName)
	if err != nil {
		return err
	}
	return r.MonitorAs(ctx, i, row)
}

// MonitorAs makes a Sentinel monitor the master that a reply to SENTINEL MASTER is
// about, with the same settings.
func (r *Rig) MonitorAs(ctx context.Context, i int, row sentineltest.Row) error {
	return run(ctx, r.sentinel(i).Node,
		command("SENTINEL", "MONITOR", MasterName, row.Get("ip"), row.Get("port"), row.Get("quorum")),
		command("SENTINEL", "SET", MasterName,
			"down-after-milliseconds", row.Get("down-after-milliseconds"),
			"failover-timeout", row.Get("failover-timeout"),
			"parallel-syncs", row.Get("parallel-syncs")))
}

func shareNode(ctx context.Context, r *Rig) (Mend, error) {
	mend := func(ctx context.Context) error {
		var errs []error
		for i, s := range r.Sentinels {
			if r.monitors(ctx, i, OtherName) { // unless somebody has followed the hint
				errs = append(errs, run(ctx, s.Node, command("SENTINEL", "REMOVE", OtherName)))
			}
		}
		return errors.Join(errs...)
	}
	master, _, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	return mend, r.each(ctx, "SENTINEL", "MONITOR", OtherName, master.Host(), strconv.Itoa(master.Port()), "2")
}

// ghostSentinel says hello once in the name of a Sentinel that is no more, as one
// does whose pod then goes away.
func ghostSentinel(ctx context.Context, r *Rig) (Mend, error) {
	master, _, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	hello := fmt.Sprintf("127.0.0.1,1,%s,0,%s,%s,%d,0", "dead00000000000000000000000000000000dead", MasterName, master.Host(), master.Port())
	return r.resetEach, run(ctx, master, command("PUBLISH", "__sentinel__:hello", hello))
}

// resetEach is what an operator has to do: one Sentinel at a time, each when the
// one before has found all again.
func (r *Rig) resetEach(ctx context.Context) error {
	for _, s := range r.Sentinels {
		if err := run(ctx, s.Node, command("SENTINEL", "RESET", MasterName)); err != nil {
			return err
		}
		if err := r.WaitSettled(ctx); err != nil {
			return err
		}
	}
	return nil
}

// cloneID gives one Sentinel the configuration's id of another.
func cloneID(ctx context.Context, r *Rig) (Mend, error) {
	s := r.sentinel(2)
	own, err := s.CLI(ctx, "SENTINEL", "MYID")
	if err != nil {
		return nothing, err
	}
	other, err := r.sentinel(1).CLI(ctx, "SENTINEL", "MYID")
	if err != nil {
		return nothing, err
	}
	mend := func(ctx context.Context) error {
		if err := r.rename(ctx, 2, other, own); err != nil {
			return err
		}
		return r.resetEach(ctx)
	}
	if err := r.rename(ctx, 2, own, other); err != nil {
		return mend, err
	}
	return mend, until(ctx, "each Sentinel has forgotten the id that is no more", func() (bool, error) { return r.takesTwoForOne(ctx) })
}

// takesTwoForOne reports whether each Sentinel counts one other. One that still
// counts the id that was given up is RESET.
func (r *Rig) takesTwoForOne(ctx context.Context) (bool, error) {
	all := true
	for _, s := range r.Sentinels {
		row, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
		if err != nil {
			return false, err
		}
		switch row.Get("num-other-sentinels") {
		case "1":
			continue
		case "2":
			if err := run(ctx, s.Node, command("SENTINEL", "RESET", MasterName)); err != nil {
				return false, err
			}
		}
		all = false
	}
	return all, nil
}

// rename starts a Sentinel anew under another id, and without its memory of that
// one as a peer.
func (r *Rig) rename(ctx context.Context, i int, from, to string) error {
	s := r.sentinel(i)
	if err := s.Stop(); err != nil {
		return err
	}
	file := filepath.Join(s.Dir(), "sentinel.conf")
	text, err := os.ReadFile(file) //nolint:gosec // it is ours
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(renamed(string(text), from, to)), 0o600); err != nil {
		return err
	}
	return s.Restart(ctx)
}
