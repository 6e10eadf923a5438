package faults

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"redis_sentinel_exporter/internal/sentineltest"
)

// secondIP is another address of this machine, at which the nodes of some groups listen
// as well.
const secondIP = "127.0.0.2"

// announceAgain makes a replica announce another address than the one under which the
// Sentinels know it. They keep both.
func announceAgain(ctx context.Context, r *Rig) (Mend, error) {
	_, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	n := replicas[0]
	mend := func(ctx context.Context) error {
		if err := r.announce(ctx, n, ""); err != nil {
			return err
		}
		return r.resetEach(ctx)
	}
	if err := r.announce(ctx, n, secondIP); err != nil {
		return mend, err
	}
	return mend, until(ctx, "each Sentinel knows both addresses", func() (bool, error) { return r.allKnowReplicas(ctx, "2") })
}

// announceWrongly makes a replica announce a port at which nobody listens, as behind NAT, and the Sentinels begin
// anew: they know it there alone. It replicates all the time.
func announceWrongly(ctx context.Context, r *Rig) (Mend, error) {
	_, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	n := replicas[0]
	announce := func(ctx context.Context, port string) error {
		return run(ctx, n, command("CONFIG", "SET", "replica-announce-port", port), command("CLIENT", "KILL", "TYPE", "master"))
	}
	mend := func(ctx context.Context) error { return errors.Join(announce(ctx, "0"), r.resetEach(ctx)) }
	if err := announce(ctx, nowhere); err != nil {
		return mend, err
	}
	for _, s := range r.Sentinels {
		if err := run(ctx, s.Node, command("SENTINEL", "RESET", MasterName)); err != nil {
			return mend, err
		}
		if err := until(ctx, s.Name()+" has found all again", func() (bool, error) {
			row, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
			return row.Get("num-slaves") == strconv.Itoa(len(replicas)) && row.Get("num-other-sentinels") == strconv.Itoa(len(r.Sentinels)-1), err
		}); err != nil {
			return mend, err
		}
	}
	return mend, nil
}

// nowhere is a port that no server of the tests has.
const nowhere = "9"

// moveReplica lets a replica leave the address under which the Sentinels know it: they go on
// listing it there. They would keep the connections that they have.
func moveReplica(ctx context.Context, r *Rig) (Mend, error) {
	_, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	n := replicas[0]
	mend := func(ctx context.Context) error {
		return errors.Join(n.Restart(ctx), r.resetEach(ctx)) // with the addresses of its file
	}
	if _, err := announceAgain(ctx, r); err != nil {
		return mend, err
	}
	if err := run(ctx, n, command("CONFIG", "SET", "bind", secondIP)); err != nil {
		return mend, err
	}
	return mend, r.each(ctx, "SENTINEL", "SET", MasterName, "auth-pass", "") // which drops the connections
}

// announce makes a replica tell its master another address; an empty one is its own.
func (r *Rig) announce(ctx context.Context, n *sentineltest.Node, ip string) error {
	master, _, err := r.roles(ctx)
	if err != nil {
		return err
	}
	if err := run(ctx, n, command("CONFIG", "SET", "replica-announce-ip", ip), command("CLIENT", "KILL", "TYPE", "master")); err != nil {
		return err
	}
	if ip == "" {
		ip = n.Host()
	}
	listed := fmt.Sprintf("ip=%s,port=%d,state=online", ip, n.Port())
	return until(ctx, "the master lists the replica at "+ip, func() (bool, error) { return infoHolds(ctx, master, listed) })
}

// infoHolds reports whether what a master says of one of its replicas begins so.
func infoHolds(ctx context.Context, master *sentineltest.Node, begin string) (bool, error) {
	info, err := master.Info(ctx, "replication")
	if err != nil {
		return false, err
	}
	for _, value := range info {
		if strings.HasPrefix(value, begin) {
			return true, nil
		}
	}
	return false, nil
}

func (r *Rig) allKnowReplicas(ctx context.Context, want string) (bool, error) {
	for _, s := range r.Sentinels {
		row, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
		if err != nil || row.Get("num-slaves") != want {
			return false, err
		}
	}
	return true, nil
}

// stopResolving makes a Sentinel one that knows host names and takes none. It forgets the others
// when it hears of them.
func stopResolving(ctx context.Context, r *Rig) (Mend, error) {
	s := r.sentinel(2)
	set := func(ctx context.Context, value string) error {
		return run(ctx, s.Node, command("SENTINEL", "CONFIG", "SET", "resolve-hostnames", value))
	}
	mend := func(ctx context.Context) error { return errors.Join(set(ctx, "yes"), r.WaitSettled(ctx)) }
	if err := errors.Join(r.WaitSettled(ctx), set(ctx, "no")); err != nil {
		return mend, err
	}
	return mend, until(ctx, s.Name()+" has forgotten the others", func() (bool, error) {
		row, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
		return row.Get("num-other-sentinels") == "0", err
	})
}

// failOverUnresolved lets a Sentinel fail over that takes no names: it cannot take that of the
// replica that it has promoted. It is asked again where it knew no replica well enough, or gave up.
func failOverUnresolved(ctx context.Context, r *Rig) (Mend, error) {
	mend, err := stopResolving(ctx, r)
	if err != nil {
		return mend, err
	}
	s := r.sentinel(2)
	return mend, until(ctx, s.Name()+" is in the last step", func() (bool, error) {
		row, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
		if err == nil && !strings.Contains(row.Get("flags"), "failover_in_progress") {
			err = run(ctx, s.Node, command("SENTINEL", "FAILOVER", MasterName))
		}
		return row.Get("failover-state") == "update_config", err
	})
}

// giveIPsAtOnce is [giveIPs] without the RESET, so that the replica is known under its name
// and under its IP address, and shown by the latter both times.
func giveIPsAtOnce(ctx context.Context, r *Rig) (Mend, error) {
	s := r.sentinel(2)
	mend := func(ctx context.Context) error {
		return run(ctx, s.Node, command("SENTINEL", "CONFIG", "SET", "announce-hostnames", "yes"), command("SENTINEL", "RESET", MasterName))
	}
	return mend, run(ctx, s.Node, command("SENTINEL", "CONFIG", "SET", "announce-hostnames", "no"))
}

// giveIPs makes one Sentinel tell clients IP addresses, where the others tell host names.
// It has to find the nodes again: it would keep the replica under its name as well.
func giveIPs(ctx context.Context, r *Rig) (Mend, error) {
	set := func(ctx context.Context, value string) error {
		return run(ctx, r.sentinel(2).Node,
			command("SENTINEL", "CONFIG", "SET", "announce-hostnames", value), command("SENTINEL", "RESET", MasterName))
	}
	return func(ctx context.Context) error { return set(ctx, "yes") }, set(ctx, "no")
}
