package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// byNode groups the views by the node that clients are given. The group with the highest
// epoch comes first.
func (m *masterModel) byNode() [][]deployment.View {
	if m.nodes == nil {
		m.nodes = deployment.ByNode(m.Views)
		slices.SortStableFunc(m.nodes, func(a, b []deployment.View) int {
			if d := epochOf(b) - epochOf(a); d != 0 {
				return int(d)
			}
			return len(b) - len(a)
		})
	}
	return m.nodes
}

func epochOf(group []deployment.View) int64 {
	var highest int64
	for _, v := range group {
		highest = max(highest, v.ConfigEpoch.Value)
	}
	return highest
}

// masterDisagreement ignores differing addresses during a failover and shortly after a
// reset: the hello that announces a new master takes a few seconds to reach every Sentinel.
func masterDisagreement(m *masterModel) outcome {
	if m.failingNow || slices.ContainsFunc(m.Views, recentlyReset) {
		return fine()
	}
	groups := m.byNode()
	switch {
	case len(groups) == 1:
		if o := m.severalServers(); len(o.found) > 0 {
			return o
		}
		return m.severalNames()
	case !anyDiffer(groups):
		return cannotTell(fmt.Sprintf("the Sentinels give %s, which may be one node: a host name is involved, and there has been no INFO of it", list(advertised(m.Views))))
	}
	groups = fullestFirst(groups)
	stories := make([]string, len(groups))
	for i, group := range groups {
		stories[i] = fmt.Sprintf("%s with epoch %d (%s)", group[0].Advertised(), epochOf(group), strings.Join(addresses(group), ", "))
		if n := keysAt(group); n.Present {
			stories[i] = fmt.Sprintf("%s with epoch %d and %s (%s)", group[0].Advertised(), epochOf(group), count(int(n.Value), "key"), strings.Join(addresses(group), ", "))
		}
	}
	f := Finding{Severity: Critical, Look: onEach(m.Views, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", m.Name)}
	f.Message = fmt.Sprintf("the Sentinels give clients %d different masters: %s", len(groups), list(stories))
	if epochOf(groups[0]) == epochOf(groups[1]) {
		f.Message += "; the epochs are equal, so no Sentinel takes over what another says" + demoted(groups)
		if hasTheData(groups) {
			f.Commands = m.rejoin(groups)
		} else {
			f.Hint = "Find out which node is the real master: here another one has more data than the one that most Sentinels name, and a node that follows another throws its own away. Then REMOVE the name on the Sentinels that are wrong and MONITOR it there again, with the auth-pass and the settings (SENTINEL SET) that it had."
		}
	} else {
		f.Message += "; the lower epoch is out of date"
		f.Hint = "The Sentinel with the lower epoch does not hear the hellos of the others: fix its network. If it hears them and nothing changes, REMOVE the name there and MONITOR it again."
	}
	o := outcome{}
	o.add(f)
	return o
}

// keysAt is how many keys the node has that a group names, if one of their INFOs of it is new, and says that it is a master.
func keysAt(group []deployment.View) sentinel.Number {
	_, info := newestInfo(group, func(v deployment.View) *sentinel.CachedInfo {
		if c := freshInfo(v, v.AdvertisedNode()); c != nil && c.Role == sentinel.RoleMaster && !c.Loading {
			return c
		}
		return nil
	})
	if info == nil {
		return sentinel.Number{}
	}
	return sentinel.Some(info.Keys)
}

// fullestFirst puts the node with the most keys first among those with one epoch that as many Sentinels name.
func fullestFirst(groups [][]deployment.View) [][]deployment.View {
	groups = slices.Clone(groups)
	slices.SortStableFunc(groups, func(a, b []deployment.View) int {
		if epochOf(a) != epochOf(b) || len(a) != len(b) {
			return 0 // they are in order
		}
		return cmp.Compare(keysAt(b).Value, keysAt(a).Value)
	})
	return groups
}

// hasTheData reports whether no other node has more than twice the keys of the first: that one may have come up empty.
func hasTheData(groups [][]deployment.View) bool {
	first := keysAt(groups[0])
	return !slices.ContainsFunc(groups[1:], func(g []deployment.View) bool {
		return keysAt(g).Value > 2*first.Value
	})
}

// severalServers finds an address that leads the Sentinels to different servers, such as that of a load balancer: their
// run ids differ, and each ran when the other had sent its INFO, so that neither is the other, restarted.
func (m *masterModel) severalServers() outcome {
	byServer := make(map[string][]deployment.View)
	var servers []string // run ids, of masters first
	for _, v := range m.Views {
		if v.CachedInfo(&v.Instance) == nil {
			continue
		}
		if byServer[v.RunID] == nil {
			servers = append(servers, v.RunID)
		}
		byServer[v.RunID] = append(byServer[v.RunID], v)
	}
	first := func(id string) deployment.View { return byServer[id][0] }
	slices.SortStableFunc(servers, func(a, b string) int { return cmp.Compare(first(a).RoleReported, first(b).RoleReported) })
	at := slices.IndexFunc(servers, func(id string) bool {
		return slices.ContainsFunc(servers, func(other string) bool {
			return id != other && first(id).Addr == first(other).Addr && ranTogether(first(id), first(other))
		})
	})
	if at < 0 {
		return fine()
	}
	stories := make([]string, len(servers))
	var who []deployment.View
	for i, id := range servers {
		role := "a master"
		if first(id).RoleReported == sentinel.RoleReplica {
			role = "a replica"
		}
		stories[i] = fmt.Sprintf("%s to %s (run id %.8s)", list(addresses(byServer[id])), role, id)
		who = append(who, byServer[id]...)
	}
	addr := first(servers[at]).Addr
	var o outcome
	o.add(Finding{
		Severity: Critical, Node: addr,
		Message: fmt.Sprintf("%s, where the Sentinels monitor the master, is no single server: it leads %s", addr, list(stories)),
		Hint:    "It is the address of a load balancer, a Service of Kubernetes or a name with several addresses. Sentinel needs that of each node itself: find the node that is the master, REMOVE the name on every Sentinel and MONITOR it there at that node's own address, with the auth-pass and the settings (SENTINEL SET) that it had. Then see that the replicas follow that address as well (REPLICAOF): Sentinels have told them to follow this one.",
		Look:    []string{redisCLI(addr, "INFO", "server"), onSentinel(who[0].Snapshot, "SENTINEL", "MASTER", m.Name)},
	}, who...)
	return o
}

// ranTogether reports whether the processes of two INFOs ran at one time: each was started before the INFO of the other
// was made. Uptimes are in whole seconds.
func ranTogether(a, b deployment.View) bool {
	made := func(v deployment.View) time.Time {
		return v.Snapshot.Started.Add(-v.CachedInfo(&v.Instance).Age.Value)
	}
	born := func(v deployment.View) time.Time { return made(v).Add(-v.CachedInfo(&v.Instance).Uptime.Value) }
	const tolerance = 2 * time.Second
	return born(a).Add(tolerance).Before(made(b)) && born(b).Add(tolerance).Before(made(a))
}

// anyDiffer reports whether two of the groups are certainly about different nodes.
func anyDiffer(groups [][]deployment.View) bool {
	for i, a := range groups {
		if slices.ContainsFunc(groups[i+1:], func(b []deployment.View) bool { return deployment.SurelyDiffer(a, b) }) {
			return true
		}
	}
	return false
}

// advertised returns the addresses that clients are given, each once.
func advertised(views []deployment.View) []string {
	var addrs []string
	for _, v := range views {
		addrs = append(addrs, v.Advertised())
	}
	return distinct(addrs)
}

// severalNames warns if clients are given one node under several addresses; that harms only
// clients that cannot use all of them. The commands change the Sentinels that differ from
// most others.
func (m *masterModel) severalNames() outcome {
	if !slices.ContainsFunc(m.Views[1:], func(v deployment.View) bool { return v.Advertised() != m.Views[0].Advertised() }) {
		return fine()
	}
	addrs := advertised(m.Views)
	by := make(map[string][]deployment.View)
	for _, v := range m.Views {
		by[v.Advertised()] = append(by[v.Advertised()], v)
	}
	slices.SortStableFunc(addrs, func(a, b string) int { return len(by[b]) - len(by[a]) })
	stories := make([]string, len(addrs))
	for i, addr := range addrs {
		stories[i] = fmt.Sprintf("%s (%s)", addr, strings.Join(addresses(by[addr]), ", "))
	}
	f := Finding{
		Severity: Warning,
		Message:  fmt.Sprintf("the Sentinels give clients one node under %d addresses: %s; its run id is the same", len(addrs), list(stories)),
		Hint:     "Clients write to one node all the same. Set announce-hostnames alike on all Sentinels, and RESET each that has changed at once: it lists every replica a second time otherwise. If it is alike already, MONITOR the master by the same address everywhere.",
		Look:     onEach(m.Views, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", m.Name),
	}
	named := by[addrs[0]][0].AdvertisedNode().Named()
	for _, addr := range addrs[1:] {
		if by[addr][0].AdvertisedNode().Named() != named {
			f.Commands = append(f.Commands, onEach(by[addr], "SENTINEL", "CONFIG", "SET", "announce-hostnames", map[bool]string{true: "yes", false: "no"}[named])...)
			f.Commands = append(f.Commands, resetOn(m.Name, by[addr]))
		}
	}
	o := outcome{}
	o.add(f, m.Views...)
	return o
}

// demoted says which of the nodes report that they are replicas: if a quorum of Sentinels
// names such a node as the master, they notice and fail over by themselves.
func demoted(groups [][]deployment.View) string {
	var nodes []string
	for _, group := range groups {
		if slices.ContainsFunc(group, func(v deployment.View) bool { return advertisedRole(v) == sentinel.RoleReplica }) {
			nodes = append(nodes, group[0].Advertised())
		}
	}
	if len(nodes) == 0 {
		return ": this never heals by itself"
	}
	return fmt.Sprintf("; but %s says that it is a replica, so that a failover may heal this", list(nodes))
}

// rejoin returns the commands that make the Sentinels of all other groups monitor the master
// that the first group names.
func (m *masterModel) rejoin(groups [][]deployment.View) []string {
	right := groups[0][0]
	var lines []string
	for _, group := range groups[1:] {
		for _, v := range group {
			lines = append(append(lines, onSentinel(v.Snapshot, "SENTINEL", "REMOVE", m.Name)), monitorAt(v.Snapshot, right.Master)...)
		}
	}
	return lines
}

func epochDisagreement(m *masterModel) outcome {
	var o outcome
	if m.failingNow || slices.ContainsFunc(m.Views, recentlyReset) {
		return o
	}
	for _, group := range m.byNode() {
		highest := epochOf(group)
		behind := deployment.Where(group, func(v deployment.View) bool { return v.ConfigEpoch.Present && v.ConfigEpoch.Value != highest })
		for _, v := range behind {
			o.add(Finding{
				Severity: Warning, Sentinel: v.Snapshot.Sentinel,
				Message: fmt.Sprintf("Sentinel %s has epoch %d for the master %s, others have %d: it has missed a failover",
					v.Snapshot.Sentinel, v.ConfigEpoch.Value, v.Addr, highest),
				Look: []string{onSentinel(v.Snapshot, "SENTINEL", "MASTER", m.Name)},
			}, v)
		}
	}
	return o
}

func settingsDrift(m *masterModel) outcome {
	var o outcome
	for _, s := range sentinel.Settings() {
		differs := func(v deployment.View) bool {
			n := s.Read(v.Master)
			return n.Present && n != s.Read(m.Views[0].Master)
		}
		if !slices.ContainsFunc(m.Views, differs) {
			continue
		}
		byValue := make(map[int64][]deployment.View)
		var values []int64
		for _, v := range m.Views {
			n := s.Read(v.Master)
			if !n.Present {
				continue
			}
			if byValue[n.Value] == nil {
				values = append(values, n.Value)
			}
			byValue[n.Value] = append(byValue[n.Value], v)
		}
		if len(values) > 1 {
			o.add(drifted(m, s.Name, values, byValue))
		}
	}
	return o
}

// drifted lists which Sentinels have which value, the most common value first.
func drifted(m *masterModel, name string, values []int64, byValue map[int64][]deployment.View) Finding {
	slices.SortStableFunc(values, func(a, b int64) int { return len(byValue[b]) - len(byValue[a]) })
	f := Finding{Severity: Warning}
	stories := make([]string, len(values))
	for i, value := range values {
		stories[i] = fmt.Sprintf("%d at %s", value, strings.Join(addresses(byValue[value]), ", "))
		if i > 0 {
			f.Commands = append(f.Commands, onEach(byValue[value], "SENTINEL", "SET", m.Name, name, fmt.Sprint(values[0]))...)
		}
	}
	f.Message = fmt.Sprintf("%s is %s", name, list(stories))
	return f
}
