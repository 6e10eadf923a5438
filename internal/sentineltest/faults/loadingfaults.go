package faults

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// starve makes the master want a replica in step, and kills all replicas.
func starve(ctx context.Context, r *Rig) (Mend, error) {
	master, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	mend := func(ctx context.Context) error {
		err := run(ctx, master, command("CONFIG", "SET", "min-replicas-to-write", "0"))
		for _, n := range replicas {
			err = errors.Join(err, n.Restart(ctx))
		}
		return err
	}
	if err := r.seeReplicas(ctx, replicas, func(sentineltest.Row) bool { return true }); err != nil { // after the fault before
		return mend, err
	}
	for _, n := range replicas {
		n.Kill()
	}
	return mend, run(ctx, master, command("CONFIG", "SET", "min-replicas-to-write", "1"))
}

// starveOfMemory lets the master use less memory than it does.
func starveOfMemory(ctx context.Context, r *Rig) (Mend, error) {
	master, _, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	mend := func(ctx context.Context) error { return run(ctx, master, command("CONFIG", "SET", "maxmemory", "0")) }
	return mend, run(ctx, master, command("CONFIG", "SET", "maxmemory", "1"))
}

// shareAddress makes one replica announce the other's address, and the Sentinels begin
// anew: they learn of one only.
func shareAddress(ctx context.Context, r *Rig) (Mend, error) {
	_, replicas, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	n, other := replicas[0], replicas[1]
	announce := func(ctx context.Context, ip, port string) error {
		return run(ctx, n, command("CONFIG", "SET", "replica-announce-ip", ip), command("CONFIG", "SET", "replica-announce-port", port),
			command("CLIENT", "KILL", "TYPE", "master"))
	}
	mend := func(ctx context.Context) error {
		if err := announce(ctx, "", "0"); err != nil {
			return err
		}
		return r.each(ctx, "SENTINEL", "RESET", MasterName)
	}
	if err := announce(ctx, other.Host(), strconv.Itoa(other.Port())); err != nil {
		return mend, err
	}
	return mend, r.each(ctx, "SENTINEL", "RESET", MasterName)
}

// loadMaster restarts the master so quickly that the Sentinels do not hold it to be down,
// and makes it load its data slowly.
func loadMaster(ctx context.Context, r *Rig) (Mend, error) {
	master, _, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	hurry, err := r.waitLonger(ctx)
	mend := func(ctx context.Context) error { return errors.Join(r.loadFast(ctx, master), hurry(ctx)) }
	if err := errors.Join(err, loadSlowly(ctx, master)); err != nil {
		return mend, err
	}
	master.Kill()
	return mend, master.Restart(ctx)
}

// loadOldMaster kills the master, waits for another and starts it again, to load its data
// slowly: until it has it cannot be made a replica.
func loadOldMaster(ctx context.Context, r *Rig) (Mend, error) {
	old, _, err := r.roles(ctx)
	if err != nil {
		return nothing, err
	}
	fast := func(ctx context.Context) error { return r.loadFast(ctx, old) }
	if err := loadSlowly(ctx, old); err != nil {
		return fast, err
	}
	old.Kill()
	if err := until(ctx, "there is another master", func() (bool, error) {
		master, err := r.MasterNode(ctx, MasterName)
		return err == nil && master != old, err
	}); err != nil {
		return fast, err
	}
	hurry, err := r.waitLonger(ctx)
	mend := func(ctx context.Context) error { return errors.Join(fast(ctx), hurry(ctx)) }
	return mend, errors.Join(err, old.Restart(ctx))
}

// waitLonger makes the Sentinels wait for longer than a node that is busy leaves a PING unanswered: Redis 6.0 looks
// at its clients every 2 MB that it loads. The mend makes them wait as before.
func (r *Rig) waitLonger(ctx context.Context) (Mend, error) {
	row, err := r.sentinel(0).Row(ctx, "SENTINEL", "MASTER", MasterName)
	if err != nil {
		return nothing, err
	}
	set := func(ctx context.Context, downAfter string) error {
		return r.each(ctx, "SENTINEL", "SET", MasterName, "down-after-milliseconds", downAfter)
	}
	mend := func(ctx context.Context) error { return set(ctx, row.Get("down-after-milliseconds")) }
	return mend, set(ctx, "20000")
}

// loadSlowly gives a node data that takes it 90 s to load the next time.
func loadSlowly(ctx context.Context, n *sentineltest.Node) error {
	const keys, delay = 600, 150 * time.Millisecond
	fill := "for i = 1, " + strconv.Itoa(keys) + " do redis.call('SET', 'slow' .. i, string.rep('x', 65536)) end return 'OK'"
	if err := run(ctx, n, command("EVAL", fill, "0"), command("CONFIG", "SET", "rdbcompression", "no"),
		command("CONFIG", "SET", "key-load-delay", strconv.FormatInt(delay.Microseconds(), 10))); err != nil {
		return err
	}
	_, _ = n.CLI(ctx, "CONFIG", "SET", "loading-process-events-interval-bytes", "1024") // there is no such option before 7.0
	// Its replicas may still be getting all data, for which there is a child that saves them.
	if err := until(ctx, n.Name()+" has saved its data", func() (bool, error) {
		err := run(ctx, n, command("SAVE"))
		return err == nil, err
	}); err != nil {
		return err
	}
	return run(ctx, n, command("CONFIG", "REWRITE"))
}

// loadFast ends the slow loading of a node by starting it again: Redis 6.0 lets nobody configure
// one that loads. It keeps its data: to the Sentinels it would otherwise be one that came back
// without them.
func (r *Rig) loadFast(ctx context.Context, n *sentineltest.Node) error {
	n.Kill()
	path := filepath.Join(n.Dir(), "redis.conf")
	conf, err := os.ReadFile(path) //nolint:gosec // in the node's own directory
	if err != nil {
		return err
	}
	var fast strings.Builder
	for line := range strings.Lines(string(conf)) {
		if !strings.HasPrefix(line, "key-load-delay ") {
			fast.WriteString(line)
		}
	}
	if err := os.WriteFile(path, []byte(fast.String()), 0o600); err != nil {
		return err
	}
	if err := n.Restart(ctx); err != nil {
		return err
	}
	return until(ctx, n.Name()+" has its data", func() (bool, error) {
		info, err := n.Info(ctx, "persistence")
		return info["loading"] == "0", err
	})
}
