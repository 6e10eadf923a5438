package health

import (
	"fmt"

	"redis_sentinel_exporter/sentinel"
)

// sentinelRestartFails finds what a Sentinel has taken without an error, written to its
// configuration file, and will not load from there.
func sentinelRestartFails(d *model) outcome {
	var o outcome
	for _, s := range d.up {
		if names := unresolvable(s); len(names) > 0 {
			o.add(Finding{
				Severity: Warning, Sentinel: s.Sentinel,
				Message: fmt.Sprintf("Sentinel %s would not start again: resolve-hostnames is no there, and its file has %s by name", s.Sentinel, few(names)),
				Hint:    "Set resolve-hostnames to yes again. Without names: MONITOR each master by its IP address, and let replicas and Sentinels announce theirs (replica-announce-ip, sentinel announce-ip); set it to no when none is left.",
				Commands: []string{
					onSentinel(s, "SENTINEL", "CONFIG", "SET", "resolve-hostnames", "yes"),
				},
			})
		}
		for i := range s.Masters {
			m := &s.Masters[i]
			if twice := equalLines(m); len(twice) > 0 {
				f := Finding{
					Severity: Warning, Sentinel: s.Sentinel,
					Message: fmt.Sprintf("Sentinel %s would not start again: its file has the replica %s of %s twice", s.Sentinel, few(twice), Printable(m.Name)),
					Hint:    "Before the Sentinel is restarted, RESET the master there: it then finds each replica once. Where it does not start any more, delete one of the two equal lines \"sentinel known-replica\" in its file.",
					Look:    []string{onSentinel(s, "SENTINEL", "REPLICAS", m.Name)},
				}
				if len(m.ListedTwice()) == 0 { // else node_listed_twice has it
					f.Commands = []string{resetAt(m.Name, s)}
				}
				o.add(f)
			}
		}
	}
	return o
}

// unresolvable are the hosts that a Sentinel writes as names and would not resolve.
func unresolvable(s *sentinel.Snapshot) []string {
	if !s.ResolveHostnames.Present || s.ResolveHostnames.Value {
		return nil
	}
	var names []string
	add := func(in *sentinel.Instance) {
		if in.Named() {
			names = append(names, in.Addr)
		}
	}
	for i := range s.Masters {
		m := &s.Masters[i]
		add(&m.Instance)
		for k := range m.Replicas {
			add(&m.Replicas[k].Instance)
		}
		for k := range m.Peers {
			add(&m.Peers[k].Instance)
		}
	}
	return distinct(names)
}

// equalLines are the addresses under which a Sentinel lists two replicas.
func equalLines(m *sentinel.Master) []string {
	seen := make(map[string]int, len(m.Replicas))
	var twice []string
	for i := range m.Replicas {
		r := &m.Replicas[i]
		if !r.HasAddr() {
			continue
		}
		if seen[r.Addr]++; seen[r.Addr] == 2 {
			twice = append(twice, r.Addr)
		}
	}
	return twice
}
