package faults

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

const masterPassword = "sesame"

// asIs breaks nothing.
func asIs(context.Context, *Rig) (Mend, error) { return nothing, nil }

func killReplica(ctx context.Context, r *Rig) (Mend, error) {
	_, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	replicas[0].Kill()
	return replicas[0].Restart, nil
}

// ghostReplica is a replica that does not come back: only RESET forgets it. It is
// started again in the end, for those who come after.
func ghostReplica(ctx context.Context, r *Rig) (Mend, error) {
	_, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	replicas[0].Kill()
	return func(ctx context.Context) error {
		if err := r.resetEach(ctx); err != nil {
			return err
		}
		return replicas[0].Restart(ctx)
	}, nil
}

func (r *Rig) priorities(ctx context.Context, priority string) error {
	var errs []error
	for _, n := range r.Masters[0].DataNodes() {
		if n.Live() {
			errs = append(errs, run(ctx, n, command("CONFIG", "SET", "replica-priority", priority)))
		}
	}
	return errors.Join(errs...)
}

func zeroPriorities(ctx context.Context, r *Rig) (Mend, error) {
	return func(ctx context.Context) error { return r.priorities(ctx, "100") }, r.priorities(ctx, "0")
}

// killMasterWithoutHeir kills the master once the Sentinels know that nobody can
// take over.
func killMasterWithoutHeir(ctx context.Context, r *Rig) (Mend, error) {
	master, _, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	mend := func(ctx context.Context) error {
		return errors.Join(master.Restart(ctx), r.priorities(ctx, "100"))
	}
	if err := r.withoutHeir(ctx); err != nil {
		return mend, err
	}
	master.Kill()
	return mend, nil
}

// withoutHeir forbids the promotion of any replica, and waits until the Sentinels know.
func (r *Rig) withoutHeir(ctx context.Context) error {
	if err := r.priorities(ctx, "0"); err != nil {
		return err
	}
	for _, s := range r.Sentinels {
		if err := until(ctx, s.Name()+" knows the priorities", func() (bool, error) { return knowsPriorities(ctx, s, "0") }); err != nil {
			return err
		}
	}
	return nil
}

func knowsPriorities(ctx context.Context, s *sentineltest.Sentinel, want string) (bool, error) {
	rows, err := s.Rows(ctx, "SENTINEL", "REPLICAS", MasterName)
	if err != nil {
		return false, err
	}
	for _, row := range rows {
		if row.Get("slave-priority") != want {
			return false, nil
		}
	}
	return true, nil
}

// breakReplication makes a replica use a wrong password for its master.
func breakReplication(ctx context.Context, r *Rig) (Mend, error) {
	// A replica whose link is being made already goes on with the right one.
	if err := r.WaitSettled(ctx); err != nil {
		return nothing, err
	}
	_, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	mend := func(ctx context.Context) error {
		return run(ctx, replicas[0], command("CONFIG", "SET", "masterauth", masterPassword))
	}
	return mend, run(ctx, replicas[0], command("CONFIG", "SET", "masterauth", "wrong"), command("CLIENT", "KILL", "TYPE", "master"))
}

// neverSynchronize makes all replicas begin anew, without data and with a wrong password
// for the master.
func neverSynchronize(ctx context.Context, r *Rig) (Mend, error) {
	_, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	each := func(do func(n *sentineltest.Node) error) error {
		var errs []error
		for _, n := range replicas {
			errs = append(errs, do(n))
		}
		return errors.Join(errs...)
	}
	authenticate := func(ctx context.Context, password string) error {
		return each(func(n *sentineltest.Node) error {
			return run(ctx, n, command("CONFIG", "SET", "masterauth", password), command("CONFIG", "REWRITE"))
		})
	}
	mend := func(ctx context.Context) error {
		return errors.Join(authenticate(ctx, masterPassword), r.priorities(ctx, "100")) // some follow the hint
	}
	if err := authenticate(ctx, "wrong"); err != nil {
		return mend, err
	}
	if err := each(func(n *sentineltest.Node) error {
		n.Kill()
		return errors.Join(os.RemoveAll(filepath.Join(n.Dir(), "dump.rdb")), n.Restart(ctx))
	}); err != nil {
		return mend, err
	}
	return mend, r.seeReplicas(ctx, replicas, func(row sentineltest.Row) bool {
		return strings.HasPrefix(row.Get("master-link-down-time"), "-") || len(row.Get("master-link-down-time")) > len("1000000000")
	})
}

// seeReplicas waits until every Sentinel that runs lists these replicas as they are to be.
func (r *Rig) seeReplicas(ctx context.Context, replicas []*sentineltest.Node, is func(sentineltest.Row) bool) error {
	return until(ctx, "every Sentinel has seen the replicas", func() (bool, error) {
		for _, s := range r.Sentinels {
			for _, n := range replicas {
				row, err := replicaRow(ctx, s, n)
				if err != nil || row == nil || !is(row) {
					return false, err
				}
			}
		}
		return true, nil
	})
}

// allow changes what the default user may do on every master and replica.
func (r *Rig) allow(ctx context.Context, rule string) error {
	var errs []error
	for _, n := range r.Masters[0].DataNodes() {
		errs = append(errs, run(ctx, n, command("ACL", "SETUSER", "default", rule)))
	}
	return errors.Join(errs...)
}

// refuseInfo forbids INFO, and makes the Sentinels begin anew: they learn of no replica.
func refuseInfo(ctx context.Context, r *Rig) (Mend, error) {
	mend := func(ctx context.Context) error { return r.allow(ctx, "+@all") }
	if err := r.allow(ctx, "-info"); err != nil {
		return mend, err
	}
	return mend, r.each(ctx, "SENTINEL", "RESET", MasterName)
}

func follow(ctx context.Context, n, master *sentineltest.Node) error {
	return run(ctx, n, command("REPLICAOF", master.Host(), strconv.Itoa(master.Port())))
}

// chainReplica makes one replica follow the other. Sentinel would correct that
// after failover-timeout.
func chainReplica(ctx context.Context, r *Rig) (Mend, error) {
	master, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	mend := func(ctx context.Context) error { return follow(ctx, replicas[0], master) }
	return mend, follow(ctx, replicas[0], replicas[1])
}

func wrongAuthPass(ctx context.Context, r *Rig) (Mend, error) {
	n := r.sentinel(1).Node
	set := func(ctx context.Context, password string) error {
		return run(ctx, n, command("SENTINEL", "SET", MasterName, "auth-pass", password))
	}
	return func(ctx context.Context) error { return set(ctx, masterPassword) }, set(ctx, "wrong")
}

// refusePing forbids PING at a replica, which goes on replicating and answering INFO.
func refusePing(ctx context.Context, r *Rig) (Mend, error) {
	_, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	n := replicas[0]
	mend := func(ctx context.Context) error { return run(ctx, n, command("ACL", "SETUSER", "default", "+ping")) }
	return mend, run(ctx, n, command("ACL", "SETUSER", "default", "-ping"))
}

// runScript makes the master run a script that has written, so that it cannot be killed,
// once the Sentinels know that nobody can take over.
func runScript(ctx context.Context, r *Rig) (Mend, error) {
	master, _, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	mend := func(ctx context.Context) error {
		master.Kill()
		return errors.Join(master.Restart(ctx), r.priorities(ctx, "100"))
	}
	if err := r.withoutHeir(ctx); err != nil {
		return mend, err
	}
	if err := run(ctx, master, command("CONFIG", "SET", "lua-time-limit", "100")); err != nil {
		return mend, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = run(ctx, master, command("EVAL", "redis.call('SET', 'a', 1) while true do redis.call('TIME') end", "0")) // it never answers
	return mend, nil
}

// refusePromotion kills the master, of which no replica may take the place.
func refusePromotion(ctx context.Context, r *Rig) (Mend, error) {
	master, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	each := func(ctx context.Context, sign string) error {
		var errs []error
		for _, n := range replicas {
			errs = append(errs, run(ctx, n, command("ACL", "SETUSER", "default", sign+"slaveof", sign+"replicaof")))
		}
		return errors.Join(errs...)
	}
	mend := func(ctx context.Context) error { return errors.Join(each(ctx, "+"), master.Restart(ctx)) }
	if err := each(ctx, "-"); err != nil {
		return mend, err
	}
	master.Kill()
	return mend, nil
}

// looseReplica makes a replica a master, and forbids the Sentinels to make it a
// replica again.
func looseReplica(ctx context.Context, r *Rig) (Mend, error) {
	_, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	n := replicas[0]
	mend := func(ctx context.Context) error { return run(ctx, n, command("ACL", "SETUSER", "default", "+@all")) }
	return mend, run(ctx, n, command("REPLICAOF", "NO", "ONE"), command("ACL", "SETUSER", "default", "-slaveof", "-replicaof"))
}

// splitView makes a Sentinel monitor a replica in place of the master.
func splitView(ctx context.Context, r *Rig) (Mend, error) {
	_, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	n := r.sentinel(2).Node
	mend := func(ctx context.Context) error {
		if err := run(ctx, n, command("SENTINEL", "REMOVE", MasterName)); err != nil {
			return err
		}
		return r.monitorAgain(ctx, 2)
	}
	return mend, run(ctx, n, command("SENTINEL", "REMOVE", MasterName),
		command("SENTINEL", "MONITOR", MasterName, replicas[0].Host(), strconv.Itoa(replicas[0].Port()), "2"),
		command("SENTINEL", "SET", MasterName, "down-after-milliseconds", "1000", "failover-timeout", "3000"))
}

// partAll makes each node a master that one Sentinel monitors, as after a start at which none had found another. The last
// of them alone has data.
func partAll(ctx context.Context, r *Rig) (Mend, error) {
	master, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	nodes := append([]*sentineltest.Node{master}, replicas...)
	monitor := func(ctx context.Context, i int, n *sentineltest.Node) error {
		return run(ctx, r.sentinel(i).Node, command("SENTINEL", "MONITOR", MasterName, n.Host(), strconv.Itoa(n.Port()), "2"),
			command("SENTINEL", "SET", MasterName, "down-after-milliseconds", "1000", "failover-timeout", "3000"))
	}
	mend := func(ctx context.Context) error {
		var errs []error
		for _, s := range r.Sentinels {
			_, _ = s.CLI(ctx, "SENTINEL", "REMOVE", MasterName) // it may not have got that far
		}
		for _, n := range replicas {
			errs = append(errs, follow(ctx, n, master))
		}
		for i := range r.Sentinels {
			errs = append(errs, monitor(ctx, i, master))
		}
		return errors.Join(append(errs, r.WaitSettled(ctx))...)
	}
	if err := r.each(ctx, "SENTINEL", "REMOVE", MasterName); err != nil {
		return mend, err
	}
	for _, n := range replicas {
		if err := run(ctx, n, command("REPLICAOF", "NO", "ONE")); err != nil {
			return mend, err
		}
	}
	for i, n := range nodes {
		if err := monitor(ctx, i, n); err != nil {
			return mend, err
		}
	}
	return mend, run(ctx, nodes[len(nodes)-1], command("SET", "a", "1"), command("SET", "b", "2"))
}

// balanceMaster makes the Sentinels monitor an address behind which one of them finds the master and the others the
// replica, as behind a Service of Kubernetes.
func balanceMaster(ctx context.Context, r *Rig) (Mend, error) {
	master, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	balancer, err := sentineltest.NewProxy(master.Addr())
	if err != nil {
		return nothing, err
	}
	row, err := r.sentinel(0).Row(ctx, "SENTINEL", "MASTER", MasterName)
	if err != nil {
		balancer.Close()
		return nothing, err
	}
	mend := func(ctx context.Context) error {
		var errs []error
		for i, s := range r.Sentinels {
			_, _ = s.CLI(ctx, "SENTINEL", "REMOVE", MasterName)
			errs = append(errs, r.MonitorAs(ctx, i, row))
		}
		errs = append(errs, follow(ctx, replicas[0], master))
		balancer.Close()
		return errors.Join(append(errs, r.WaitSettled(ctx))...)
	}
	host, port, err := net.SplitHostPort(balancer.Addr())
	if err != nil {
		return mend, err
	}
	const patient = "600000" // ms; or they would point the replica to this address, and end all connections to it
	for i, s := range r.Sentinels {
		if i > 0 {
			balancer.LeadNewTo(replicas[0].Addr())
		}
		if err := run(ctx, s.Node, command("SENTINEL", "REMOVE", MasterName),
			command("SENTINEL", "MONITOR", MasterName, host, port, row.Get("quorum")),
			command("SENTINEL", "SET", MasterName, "down-after-milliseconds", row.Get("down-after-milliseconds"), "failover-timeout", patient)); err != nil {
			return mend, err
		}
		if err := until(ctx, s.Name()+" has reached a server", func() (bool, error) {
			row, err := s.Row(ctx, "SENTINEL", "MASTER", MasterName)
			return row.Get("runid") != "", err
		}); err != nil {
			return mend, err
		}
	}
	return mend, nil
}

func (r *Rig) heal(context.Context) error { return r.Heal() }

// cutPeers cuts two Sentinels off from each other, but not from Redis.
func cutPeers(_ context.Context, r *Rig) (Mend, error) {
	return r.heal, r.Partition([]*sentineltest.Node{r.sentinel(0).Node}, []*sentineltest.Node{r.sentinel(1).Node})
}

func cutMaster(ctx context.Context, r *Rig) (Mend, error) {
	master, _, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	return r.heal, r.Partition([]*sentineltest.Node{r.sentinel(2).Node}, []*sentineltest.Node{master})
}

// lagReplica cuts a replica off from the master, which both notice only after
// repl-timeout, here an hour, and writes much: in pieces, since one large write can
// keep a busy machine's master from answering for so long that it is failed over.
func lagReplica(ctx context.Context, r *Rig) (Mend, error) {
	// A replica whose link is being made again has no stream yet to fall behind in.
	if err := r.WaitSettled(ctx); err != nil {
		return nothing, err
	}
	master, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	for _, n := range []*sentineltest.Node{master, replicas[0]} {
		if err := run(ctx, n, command("CONFIG", "SET", "repl-timeout", "3600")); err != nil {
			return nothing, err
		}
	}
	hurry, err := r.waitLonger(ctx) // or the others take its place, as it is busy with so much data
	mend := func(ctx context.Context) error { return errors.Join(r.heal(ctx), hurry(ctx)) }
	if err := errors.Join(err, r.Partition(replicas[:1], []*sentineltest.Node{master})); err != nil {
		return mend, err
	}
	megabyte := command("EVAL", "return redis.call('SET', 'much', string.rep('x', 1000000)).ok", "0")
	return mend, run(ctx, master, slices.Repeat([][]string{megabyte}, 20)...)
}

// missFailovers cuts a Sentinel off while the others fail over. After two times
// the master is where it was.
func missFailovers(times int) func(context.Context, *Rig) (Mend, error) {
	return func(ctx context.Context, r *Rig) (Mend, error) {
		mend := func(context.Context) error { return r.Rejoin(r.sentinel(2).Node) }
		if err := r.Isolate(r.sentinel(2).Node); err != nil {
			return mend, err
		}
		for range times {
			if _, err := r.Failover(ctx, MasterName); err != nil {
				return mend, err
			}
			if err := r.WaitSettled(ctx); err != nil {
				return mend, err
			}
		}
		return mend, nil
	}
}
