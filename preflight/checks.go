package preflight

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/printable"
	"redis_sentinel_exporter/sentinel"
)

// lookAtHealth takes over what is critical already.
func lookAtHealth(f *flight, o *outcome) {
	report := health.Assess(f.snapshots, nil)
	m := report.ByName(f.name)
	for _, found := range m.Findings {
		if found.Severity == health.Critical {
			o.find(found)
		}
	}
	if m.Hidden > 0 {
		o.cannotTell(fmt.Sprintf("%d replicas are not announced (replica-announced no): no Sentinel names them, and a failover can promote them", m.Hidden))
	}
}

// asked calls look with each node that has answered, and notes the others.
func (f *flight) asked(o *outcome, look func(*node)) {
	for _, n := range f.nodes {
		if n.Node == nil {
			o.cannotTell(fmt.Sprintf("%s: %v", n.addr, n.err))
			continue
		}
		look(n)
	}
}

// configured is asked for nodes whose settings could be read.
func (f *flight) configured(o *outcome, look func(*node)) {
	f.asked(o, func(n *node) {
		if n.SettingsErr != nil {
			o.cannotTell(fmt.Sprintf("%s: %v", n.addr, n.SettingsErr))
			return
		}
		look(n)
	})
}

// about returns a finding on a node.
func (n *node) about(severity health.Status, hint, format string, args ...any) health.Finding {
	return health.Finding{Severity: severity, Node: n.addr, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// cli is a line for a shell that asks the node.
func (n *node) cli(words ...string) string {
	host, port, err := net.SplitHostPort(n.addr)
	if err != nil {
		return ""
	}
	line := []string{"redis-cli", "-h", printable.Quote(host), "-p", printable.Quote(port)}
	for _, w := range words {
		line = append(line, printable.Quote(w))
	}
	return strings.Join(line, " ")
}

// whatFails says what comes of it that a Sentinel cannot send its commands to the node.
func (n *node) whatFails() string {
	if n.master {
		return "it would stay a master beside the new one, and go on taking writes"
	}
	if n.heir {
		return "a failover to it would be aborted after failover-timeout, and it would not follow another replica that is promoted"
	}
	return "it would not follow the new master"
}

func lookAtConnections(f *flight, o *outcome) {
	f.asked(o, func(n *node) {
		if n.SentinelsErr != nil {
			o.cannotTell(fmt.Sprintf("%s: %v", n.addr, n.SentinelsErr))
			return
		}
		for _, v := range f.views {
			if v.Snapshot.ID == "" { // before 6.2 they do not tell their ids
				if len(n.Sentinels) < len(f.views) {
					o.cannotTell(fmt.Sprintf("%s lists the connections of %d Sentinels by their names (sentinel-...-pubsub), and %d have answered: either there are none of the others, or their user lacks +client|setname, +subscribe or the channel __sentinel__:hello", n.addr, len(n.Sentinels), len(f.views)))
				}
				continue
			}
			if _, connected := n.Sentinels.User(v.Snapshot.ID); !connected {
				o.cannotTell(fmt.Sprintf("%s lists no connection of the Sentinel %s by its name (sentinel-%.8s-pubsub): either there is none, or its user lacks +client|setname, +subscribe or the channel __sentinel__:hello", n.addr, v.Snapshot.Sentinel, v.Snapshot.ID))
			}
		}
	})
}

// lookAtSentinelLogins asks whether the Sentinels could connect again: a connection that there is stays, whatever becomes of its
// user. They have one user and one password for all nodes of a master, which nobody shows. Where the default user has no
// password, whoever is not let in as another one goes on as that.
func lookAtSentinelLogins(f *flight, o *outcome) {
	f.asked(o, func(n *node) {
		if n.usersErr != nil {
			o.cannotTell(fmt.Sprintf("%s: %v", n.addr, n.usersErr))
		}
	})
	asDefault := f.comeAsDefault()
	for _, name := range f.sentinelUsers() {
		var first *node // that requires a password
		for _, n := range f.nodes {
			if n.Node == nil || n.usersErr != nil {
				continue
			}
			user, why := n.users[name], ""
			anyway := n.letsAllIn()
			switch {
			case anyway && (user == nil || !user.On):
			case name == defaultUserName && !anyway && !asDefault:
			case user == nil:
				why = fmt.Sprintf("has no user %q, as which the Sentinels are connected to other nodes", name)
			case !user.On:
				why = fmt.Sprintf("has the user %q, as which the Sentinels are connected, turned off", name)
			case len(ofUser(n.unheard[name])) > 0:
				why = fmt.Sprintf("refuses %s to the user %q of the Sentinels", n.unheard[name][0], name)
			case anyway, user.NoPass:
			case first == nil:
				first = n
			case !user.Shares(first.users[name]):
				why = fmt.Sprintf("has another password of the user %q of the Sentinels than %s, and they have only one", name, first.addr)
			}
			if why != "" {
				o.find(n.about(health.Critical, "Give the user the same password and permissions on every node, now and in the file that its users are in.",
					"%s %s: what is connected stays so, but a failover closes the connections, and none that is closed comes back: they could not fail over any more", n.addr, why))
			}
		}
	}
}

// comeAsDefault reports whether a Sentinel is connected as the default user to a node that does not let all in as that: elsewhere it may
// have tried another one first.
func (f *flight) comeAsDefault() bool {
	return slices.ContainsFunc(f.nodes, func(n *node) bool {
		return n.Node != nil && !n.letsAllIn() && slices.Contains(slices.Collect(maps.Values(n.Sentinels)), defaultUserName)
	})
}

func lookAtPermissions(f *flight, o *outcome) {
	f.asked(o, func(n *node) {
		switch {
		case n.SentinelsErr != nil:
			o.cannotTell(fmt.Sprintf("%s: %v", n.addr, n.SentinelsErr))
			return
		case n.refusalsErr != nil:
			o.cannotTell(fmt.Sprintf("%s: %v", n.addr, n.refusalsErr))
		case len(n.Sentinels) == 0:
			o.cannotTell(n.addr + " lists no connection of a Sentinel, so that their user is not known")
		}
		for _, user := range slices.Sorted(maps.Keys(n.refusals)) {
			found, is := n.refusesTo(user)
			if !is {
				continue
			}
			found.Hint = "Permit it to the user, on every node, and in the file that its users are in. These are all that the Sentinels need."
			found.Commands = []string{n.cli("ACL", "SETUSER", user, "+multi", "+slaveof", "+ping", "+exec", "+subscribe", "+config|rewrite", "+role", "+publish", "+info", "+client|setname", "+client|kill", "+script|kill")}
			o.find(found)
		}
	})
}

// refusesTo finds what the node refuses to a user of the Sentinels.
func (n *node) refusesTo(user string) (found health.Finding, is bool) {
	var refused, alone []string // what a failover fails of; what it works without
	refusals := ofUser(n.refusals[user])
	one := !slices.ContainsFunc(refusals, func(r datanode.Refusal) bool { return r.Command == "MULTI" }) // all or none is carried out
	for _, r := range refusals {
		if one || slices.Contains([]string{"PING", "INFO", "SLAVEOF NO ONE"}, r.Command) {
			refused = append(refused, r.String())
		} else {
			alone = append(alone, r.String())
		}
	}
	switch {
	case len(refused) > 0:
		return n.about(health.Critical, "", "%s refuses %s to the user %q of the Sentinels: %s", n.addr, refused[0], user, n.whatFails()), true
	case len(alone) > 0:
		return n.about(health.Warning, "", "%s refuses %s to the user %q of the Sentinels: without MULTI the commands of a failover are carried out one by one, and those that are refused are left out",
			n.addr, strings.Join(alone, ", "), user), true
	}
	return found, false
}

func lookAtNames(f *flight, o *outcome) {
	f.asked(o, func(n *node) {
		if n.UnknownErr != nil {
			o.cannotTell(fmt.Sprintf("%s: %v", n.addr, n.UnknownErr))
		}
		if len(n.Unknown) == 0 {
			return
		}
		// A Sentinel can have the new names, and shows them to nobody.
		name := n.Unknown[0]
		o.cannotTell(fmt.Sprintf("%s does not know %s (rename-command): unless every Sentinel has the new name, which none shows, %s; set it again to be sure: SENTINEL SET %s rename-command %s NEWNAME",
			n.addr, strings.Join(n.Unknown, ", "), n.whatFails(), printable.Quote(f.name), name))
	})
}

func lookAtClusterMode(f *flight, o *outcome) {
	f.asked(o, func(n *node) {
		if n.ClusterEnabled {
			o.find(n.about(health.Critical, "Set cluster-enabled no and restart it, or leave its failovers to the cluster and let no Sentinel monitor it.",
				"%s is a node of a cluster (cluster-enabled yes) and refuses REPLICAOF: %s", n.addr, n.whatFails()))
		}
	})
}

func lookAtLogins(f *flight, o *outcome) {
	f.configured(o, func(*node) {})
	for _, leader := range f.nodes {
		if leader.Node == nil || !leader.heir {
			continue
		}
		if leader.noLoginErr != nil {
			o.cannotTell(fmt.Sprintf("%s: %v", leader.addr, leader.noLoginErr))
			continue
		}
		for _, follower := range f.nodes {
			why := leader.noLogin[follower.addr]
			if why == "" {
				continue
			}
			what := "could not follow it"
			if follower.master {
				what = "the master now, could not come back as its replica"
			}
			found := follower.about(health.Critical, "Give every node the same users, and a masteruser and masterauth that the others accept, now and in its file.",
				"if %s were promoted, %s, %s: %s %s", leader.addr, follower.addr, what, leader.addr, why)
			found.Commands = []string{follower.cli("CONFIG", "SET", datanode.MasterAuth, "PASSWORD"), follower.cli("CONFIG", "REWRITE")}
			o.find(found)
		}
	}
}

// lookAtReplicaTLS asks whether each node would speak to another one that is promoted as that listens where the Sentinels have it. All that
// answer there listen as our own connections speak, and whoever differs is the one to change.
func lookAtReplicaTLS(f *flight, o *outcome) {
	speak := "no"
	if f.tls {
		speak = "yes"
	}
	f.configured(o, func(n *node) {
		follows := n.Settings[datanode.TLSReplication]
		if follows == "" || follows == speak || !slices.ContainsFunc(f.nodes, func(leader *node) bool { return leader != n && leader.Node != nil && leader.heir }) {
			return
		}
		found := n.about(health.Critical, "Set tls-replication to the same on every node, as the port wants it that the Sentinels monitor.",
			"if another node were promoted, %s could not follow it: it has tls-replication %s, and there it takes %s", n.addr, follows, speak)
		found.Commands = []string{n.cli("CONFIG", "SET", datanode.TLSReplication, speak), n.cli("CONFIG", "REWRITE")}
		o.find(found)
	})
}

// lookAtWrites asks whether a replica would take writes as a master. What it has of its master it takes in any case.
func lookAtWrites(f *flight, o *outcome) {
	f.configured(o, func(n *node) {
		if !n.heir {
			return
		}
		limit, err := strconv.ParseInt(n.Settings[datanode.MaxMemory], 10, 64)
		switch policy := n.Settings[datanode.MaxMemoryPolicy]; {
		case err != nil || limit == 0 || n.UsedMemory <= limit:
		case policy == "noeviction":
			o.find(n.tooLittle(health.Critical, fmt.Sprintf("as a master it would refuse all writes that need memory (OOM): it uses %d bytes, and maxmemory is %d", n.UsedMemory, limit)))
		case f.nodes[0].evictsLike(n): // such a master keeps just below the limit, and a replica of it can be above
		default:
			o.find(n.tooLittle(health.Warning, fmt.Sprintf("as a master it would evict keys, or refuse writes (OOM): it uses %d bytes, maxmemory is %d, and maxmemory-policy %s", n.UsedMemory, limit, policy)))
		}
		const consequence = "as a master it would refuse all writes, and PING as well (MISCONF), so that the Sentinels would find it down"
		switch {
		case n.SaveFailed && n.Settings[datanode.Save] != "" && n.Settings[datanode.SaveErrorStops] == "yes":
			found := n.about(health.Critical, "Look into its log, make room for the file or mend its permissions, and then BGSAVE.",
				"%s could not save its last RDB (rdb_last_bgsave_status:err): %s", n.addr, consequence)
			found.Commands = []string{n.cli("BGSAVE")}
			o.find(found)
		case n.AppendFailed && n.Settings[datanode.AppendOnly] == "yes":
			o.find(n.about(health.Critical, "Look into its log, and make room for the file or mend its permissions.",
				"%s could not write its AOF (aof_last_write_status:err): %s", n.addr, consequence))
		}
	})
}

// evictsLike reports whether a node evicts by the same rule as another one.
func (n *node) evictsLike(other *node) bool {
	return n.Node != nil && n.Settings[datanode.MaxMemory] == other.Settings[datanode.MaxMemory] && n.Settings[datanode.MaxMemoryPolicy] == other.Settings[datanode.MaxMemoryPolicy]
}

func (n *node) tooLittle(severity health.Status, what string) health.Finding {
	found := n.about(severity, "Give all nodes the same maxmemory, above what they use.", "%s: %s", n.addr, what)
	found.Look = []string{n.cli("INFO", "memory"), n.cli("CONFIG", "GET", "maxmemory*")}
	return found
}

func lookAtMinReplicas(f *flight, o *outcome) {
	f.configured(o, func(n *node) {
		wanted, err := strconv.Atoi(n.Settings[datanode.MinReplicasToWrite])
		if err != nil || !n.heir || n.Settings[datanode.MinReplicasMaxLag] == "0" { // Redis before 5.0 has other names for them
			return
		}
		if left := len(f.nodes) - 2; wanted > left {
			found := n.about(health.Critical, "Lower min-replicas-to-write, or add a replica: it must be at most the number of replicas that are left after the loss of the master.",
				"after the loss of the master %s would have %d replicas, if it were promoted, and min-replicas-to-write is %d: it would refuse all writes (NOREPLICAS) until the old master is back", n.addr, left, wanted)
			found.Commands = []string{n.cli("CONFIG", "SET", datanode.MinReplicasToWrite, strconv.Itoa(max(0, left))), n.cli("CONFIG", "REWRITE")}
			o.find(found)
		}
	})
}

func lookAtProtectedMode(f *flight, o *outcome) {
	f.configured(o, func(n *node) {
		user := n.defaultUser
		switch {
		case n.Settings[datanode.ProtectedMode] != "yes" || !f.othersElsewhere(n):
		case n.Settings[datanode.Bind] != "" && n.Product == "redis" && before(n.Version, 7): // where bind counts as protection
		case n.defaultUserErr != nil:
			o.cannotTell(fmt.Sprintf("%s: %v", n.addr, n.defaultUserErr))
		case user != nil && user.On && user.NoPass:
			found := n.about(health.Critical, "Give the default user a password, or set protected-mode no if the network keeps strangers out.",
				"%s has protected-mode yes and a default user without a password: it refuses new connections from other hosts, so nobody could follow it after a failover, and no Sentinel could connect again", n.addr)
			found.Commands = []string{n.cli("CONFIG", "SET", datanode.ProtectedMode, "no"), n.cli("CONFIG", "REWRITE")}
			o.find(found)
		}
	})
}

// othersElsewhere reports whether another node or a Sentinel is on another host, by its address.
func (f *flight) othersElsewhere(n *node) bool {
	host, _, _ := net.SplitHostPort(n.addr)
	return slices.ContainsFunc(f.nodes, func(other *node) bool {
		there, _, _ := net.SplitHostPort(other.addr)
		return there != host
	})
}

// lookAtAnnounced compares where the Sentinels monitor the master with where they would find it as a replica.
func lookAtAnnounced(f *flight, o *outcome) {
	f.configured(o, func(n *node) {
		host, port, err := net.SplitHostPort(n.addr)
		if err != nil || !n.master { // a replica is known by what it announces
			return
		}
		announced, replicaPort := n.Settings[datanode.AnnounceIP], n.replicaPort()
		is, announcedIs := net.ParseIP(host), net.ParseIP(announced)
		var why string
		switch {
		case replicaPort != "" && replicaPort != port:
			why = fmt.Sprintf("as a replica it says that its port is %s", replicaPort)
		case announced == host, announced == "" && is != nil:
			return
		case announced == "":
			why = "has no replica-announce-ip, so that as a replica it is listed by its IP address"
		case is == nil: // it is shown by name, and so are those that are told apart
			why = fmt.Sprintf("has replica-announce-ip %q; the Sentinels tell nodes apart by what they show, be it the same host", announced)
		case announcedIs == nil && !f.showsNames():
			o.cannotTell(fmt.Sprintf("the master is monitored as %s, and has replica-announce-ip %q: whether the Sentinels will know it by that depends on their resolve-hostnames and announce-hostnames, which not all show: "+
				"with both it is listed twice after a failover, with neither it is not found again after a RESET; announce the address, or monitor the name", n.addr, announced))
			return
		case is.Equal(announcedIs):
			return
		default:
			why = fmt.Sprintf("has replica-announce-ip %q", announced)
		}
		found := n.about(health.Warning, "Announce the address that the Sentinels monitor, or monitor the announced one.",
			"the master is monitored as %s, and %s: after a failover the Sentinels would list it at both addresses, as if it were two", n.addr, why)
		found.Commands = []string{n.cli("CONFIG", "SET", datanode.AnnounceIP, host), n.cli("CONFIG", "SET", datanode.AnnouncePort, port), n.cli("CONFIG", "REWRITE")}
		o.find(found)
	})
}

// showsNames reports whether a Sentinel shows a node of the master by its name, which it does with announce-hostnames yes only.
func (f *flight) showsNames() bool {
	return slices.ContainsFunc(f.views, func(v deployment.View) bool {
		return v.Named() || slices.ContainsFunc(v.Replicas, func(r sentinel.Replica) bool { return r.Named() })
	})
}

func lookAtPersistence(f *flight, o *outcome) {
	f.configured(o, func(n *node) {
		if n.Settings[datanode.Save] != "" || n.Settings[datanode.AppendOnly] == "yes" || !n.master && !n.heir {
			return
		}
		role := "as a master, it"
		if n.master {
			role = "it"
		}
		found := n.about(health.Warning, "Turn on RDB or AOF, or keep whatever restarts it from doing so faster than down-after.",
			"%s keeps nothing on disk (save \"\", appendonly no): restarted within down-after (%s), %s comes back empty without a failover, and the replicas throw their data away", n.addr, f.downAfter(), role)
		found.Commands = []string{n.cli("CONFIG", "SET", datanode.Save, "3600 1 300 100 60 10000"), n.cli("CONFIG", "REWRITE")}
		o.find(found)
	})
}

func lookAtSlowest(f *flight, o *outcome) {
	f.asked(o, func(n *node) {
		if n.SlowestErr != nil {
			o.cannotTell(fmt.Sprintf("%s: %v", n.addr, n.SlowestErr))
		}
		limit := f.downAfter()
		if least, err := strconv.ParseInt(n.Settings[datanode.SlowerThan], 10, 64); err == nil && limit > 0 && least > limit.Microseconds() {
			o.cannotTell(fmt.Sprintf("%s records only commands that take over %d µs (%s), and down-after is %s", n.addr, least, datanode.SlowerThan, limit))
		}
		if limit > 0 && n.Slowest > limit {
			what := "a failover that nobody needs"
			if !n.master {
				what = "a replica that cannot be promoted meanwhile"
			}
			found := n.about(health.Warning, "Find out what runs that long (SLOWLOG GET), or raise down-after-milliseconds above it. SLOWLOG RESET ends this finding.",
				"at %s a command on %s took %s, longer than down-after (%s): the Sentinels consider the node down meanwhile: %s", n.SlowestAt.Format(time.RFC3339), n.addr, n.Slowest.Round(time.Millisecond), limit, what)
			found.Look = []string{n.cli("SLOWLOG", "GET", "10")}
			o.find(found)
		}
	})
}

// downAfter is the shortest of any Sentinel.
func (f *flight) downAfter() time.Duration {
	var shortest time.Duration
	for _, v := range f.views {
		if d := v.DownAfter; d.Present && (shortest == 0 || d.Value < shortest) {
			shortest = d.Value
		}
	}
	return shortest
}
