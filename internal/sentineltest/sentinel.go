package sentineltest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// A Sentinel is a node that watches.
type Sentinel struct {
	*Node
	Proxy *Proxy // for clients, with Config.Proxied or after Topology.ProxySentinel; else nil

	timers map[string]time.Duration // what SENTINEL DEBUG was told
}

// The timers of SENTINEL DEBUG that make a topology quick. They hang together: when it looks for a replica to promote, a
// Sentinel takes only those that answered PING within 5 ping periods, and INFO within 3 info periods (5 ping periods
// once the master is down, while it then asks for INFO each second). Shorter ones than these turn any stall of the
// machine into "no good slave". A long tilt-trigger keeps such a stall from being a TILT. Four publish periods after a replica
// said that it is a master, a Sentinel that has not heard of a failover makes it a replica again; the one that drives the
// failover asks the replica only each second, so that they must be longer than that, with some reserve.
func quickTimers() map[string]time.Duration {
	return map[string]time.Duration{
		"info-period":               400 * time.Millisecond,
		"ping-period":               300 * time.Millisecond,
		"ask-period":                200 * time.Millisecond,
		"publish-period":            500 * time.Millisecond,
		"min-link-reconnect-period": 3 * time.Second,
		"slave-reconf-timeout":      3 * time.Second,
		"script-retry-delay":        time.Second,
		"tilt-trigger":              10 * time.Second,
		"tilt-period":               30 * time.Second,
	}
}

// timers returns what to tell a Sentinel through SENTINEL DEBUG: nothing where it has no such command.
func (c Config) timers(v Version) map[string]time.Duration {
	timers := map[string]time.Duration{}
	if !c.SlowTimers && v.AtLeast(7, 0) {
		timers = quickTimers()
	}
	maps.Copy(timers, c.Timers)
	return timers
}

// applyTimers sets the timers, which the server forgets when it ends.
func (s *Sentinel) applyTimers(ctx context.Context) error {
	if len(s.timers) == 0 {
		return nil
	}
	return s.debug(ctx, s.timers)
}

func (s *Sentinel) debug(ctx context.Context, timers map[string]time.Duration) error {
	args := []string{"SENTINEL", "DEBUG"}
	for _, name := range slices.Sorted(maps.Keys(timers)) {
		args = append(args, name, strconv.FormatInt(timers[name].Milliseconds(), 10))
	}
	if _, err := s.CLI(ctx, args...); err != nil {
		return fmt.Errorf("setting timers: %w", err)
	}
	return nil
}

// ForceTilt puts the Sentinel into TILT, by telling it that any two ticks of its clock are too far apart, and returns when
// it is in it. It stays so until EndTilt. It needs SENTINEL DEBUG (7.0 or later), and a Sentinel that has a master.
func (s *Sentinel) ForceTilt(ctx context.Context) error {
	if err := s.debug(ctx, map[string]time.Duration{"tilt-trigger": time.Millisecond, "tilt-period": time.Hour}); err != nil {
		return err
	}
	if err := s.waitTilt(ctx, "1"); err != nil {
		return err
	}
	return s.debug(ctx, map[string]time.Duration{"tilt-trigger": s.timer("tilt-trigger", 2*time.Second)})
}

// EndTilt ends what ForceTilt began.
func (s *Sentinel) EndTilt(ctx context.Context) error {
	trigger := s.timer("tilt-trigger", 2*time.Second)
	if err := s.debug(ctx, map[string]time.Duration{"tilt-trigger": trigger, "tilt-period": time.Millisecond}); err != nil {
		return err
	}
	if err := s.waitTilt(ctx, "0"); err != nil {
		return err
	}
	return s.debug(ctx, map[string]time.Duration{"tilt-period": s.timer("tilt-period", 30*time.Second)})
}

func (s *Sentinel) timer(name string, otherwise time.Duration) time.Duration {
	return orDefault(s.timers[name], otherwise)
}

func (s *Sentinel) waitTilt(ctx context.Context, want string) error {
	return poll(ctx, func(ctx context.Context) error {
		info, err := s.Info(ctx, "sentinel")
		if err != nil {
			return err
		}
		if got := info["sentinel_tilt"]; got != want {
			return fmt.Errorf("sentineltest: %s says sentinel_tilt:%s, not %s", s.name, got, want)
		}
		return nil
	})
}
