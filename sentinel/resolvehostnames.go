package sentinel

// resolveHostnames is the command that asks for this one option. A pattern would have the
// Sentinel send its password as well.
func resolveHostnames() []any { return []any{"SENTINEL", "CONFIG", "GET", "resolve-hostnames"} }

// asksResolve reports whether a round trip is to ask for the option too: where a host is given
// by name, and not again where it was refused, which would be an entry in ACL LOG each time.
func (b *snapshotBuilder) asksResolve() bool {
	named := b.client.named || b.snapshot.givesNames()
	return named && !b.client.refused && !b.snapshot.ResolveHostnames.Present
}

// readResolve takes the answer into the snapshot.
func (b *snapshotBuilder) readResolve(raw string) {
	value, err := parseResolve(raw)
	if err != nil {
		b.client.refused = true
		return
	}
	b.snapshot.ResolveHostnames = value
}

func parseResolve(raw string) (Optional[bool], error) {
	var resolves Optional[bool]
	r := reply{rest: raw}
	err := r.fields(func(name, value string) error {
		if name == "resolve-hostnames" && (value == "yes" || value == "no") {
			resolves = Some(value == "yes")
		}
		return nil
	})
	if err != nil {
		return resolves, err
	}
	return resolves, r.end()
}

// givesNames reports whether the Sentinel has given a host by name.
func (s *Snapshot) givesNames() bool {
	for i := range s.Masters {
		m := &s.Masters[i]
		if m.Named() {
			return true
		}
		for k := range m.Replicas {
			if m.Replicas[k].Named() {
				return true
			}
		}
		for k := range m.Peers {
			if m.Peers[k].Named() {
				return true
			}
		}
	}
	return false
}
