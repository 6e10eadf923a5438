package preflight

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// mostNodes is how many nodes of a master are asked.
const mostNodes = 100

// defaultUserName is that of whoever has not logged in.
const defaultUserName = "default"

// A node is a data node, with what it says.
type node struct {
	addr   string
	master bool
	heir   bool // a failover could promote it: its replica-priority is not 0

	*datanode.Node       // nil if it was not asked, for the reason in err
	err            error // why it has not answered
	conn           *datanode.Conn

	// refusals has, by ACL user of a Sentinel, what the node refuses to it; none for nothing.
	refusals    map[string][]datanode.Refusal
	refusalsErr error
	// noLogin has, by address of another node, why that could not follow this one; empty if it could.
	noLogin    map[string]string
	noLoginErr error

	defaultUser    *datanode.User
	defaultUserErr error
	// users has those as which Sentinels are connected to any node; nil for one that this node does not have.
	users map[string]*datanode.User
	// unheard has, by the same, why the node would not let them listen to it.
	unheard  map[string][]datanode.Refusal
	usersErr error
}

func (n *node) report() NodeReport {
	r := NodeReport{Address: sentinel.ValidUTF8(n.addr), Role: "replica"}
	if n.master {
		r.Role = "master"
	}
	if n.Node != nil {
		r.Version = n.Product + " " + n.Version
	} else if n.err != nil {
		r.Error = sentinel.ValidUTF8(n.err.Error())
	}
	return r
}

// nodesOf returns the nodes of the views that say where the master is.
func nodesOf(views []deployment.View) []*node {
	views = deployment.Authoritative(views)
	nodes := []*node{{addr: views[0].Advertised(), master: true}}
	excluded := make(map[string]bool)
	for _, replica := range deployment.ByReplica(views) {
		r := replica[0]
		if r.SameProcess(r.By.AdvertisedNode()) || !r.HasAddr() {
			continue
		}
		for _, v := range replica {
			excluded[r.Addr] = excluded[r.Addr] || v.Priority.Present && v.Priority.Value == 0
		}
		nodes = append(nodes, &node{addr: r.Addr, heir: !excluded[r.Addr]})
	}
	return nodes
}

// ask asks all nodes: first each for itself, then what follows from the settings of the others.
func (f *flight) ask(ctx context.Context, account sentinel.Options) {
	for i, n := range f.nodes {
		if i >= mostNodes {
			n.err = fmt.Errorf("only %d nodes are asked", mostNodes)
			continue
		}
		o := account
		o.Address = n.addr
		n.conn = datanode.New(o)
		defer n.conn.Close()
	}
	f.each(func(n *node) { n.look(ctx) })
	names := f.sentinelUsers()
	f.each(func(n *node) { n.askUsers(ctx, names) })
	f.each(func(n *node) { f.askLogins(ctx, n) })
}

// each calls do with all nodes that can be asked, at once.
func (f *flight) each(do func(*node)) {
	var wg sync.WaitGroup
	for _, n := range f.nodes {
		if n.conn != nil && n.err == nil {
			wg.Go(func() { do(n) })
		}
	}
	wg.Wait()
}

func (n *node) look(ctx context.Context) {
	if n.Node, n.err = n.conn.Look(ctx, promotionNames()); n.err != nil {
		return
	}
	n.defaultUser, n.defaultUserErr = n.conn.User(ctx, defaultUserName)
	n.refusals = make(map[string][]datanode.Refusal)
	for _, user := range slices.Sorted(maps.Values(n.Sentinels)) {
		if _, asked := n.refusals[user]; asked {
			continue
		}
		if n.refusals[user], n.refusalsErr = n.conn.Refused(ctx, user, promotionCommands()); n.refusalsErr != nil {
			return
		}
	}
}

// sentinelUsers returns as whom Sentinels are connected to any node, as far as is known.
func (f *flight) sentinelUsers() []string {
	names := make(map[string]bool)
	for _, n := range f.nodes {
		if n.Node == nil {
			continue
		}
		for _, user := range n.Sentinels {
			names[user] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// letsAllIn reports whether whoever comes goes on as the default user.
func (n *node) letsAllIn() bool {
	return n.defaultUser != nil && n.defaultUser.On && n.defaultUser.NoPass
}

func (n *node) askUsers(ctx context.Context, names []string) {
	n.users, n.unheard = make(map[string]*datanode.User), make(map[string][]datanode.Refusal)
	for _, name := range names {
		if n.users[name], n.usersErr = n.conn.User(ctx, name); n.usersErr == nil && n.users[name] != nil {
			n.unheard[name], n.usersErr = n.conn.Refused(ctx, name, [][]any{{"SUBSCRIBE", "__sentinel__:hello"}})
		}
		if n.usersErr != nil {
			return
		}
	}
}

// replicaPort is the port that the node tells its master as a replica; empty if that is none.
func (n *node) replicaPort() string {
	isSet := func(name string) bool { return n.Settings[name] != "" && n.Settings[name] != "0" }
	switch {
	case isSet(datanode.AnnouncePort):
		return n.Settings[datanode.AnnouncePort]
	case n.Settings[datanode.TLSReplication] == "yes" && isSet(datanode.TLSPort):
		return n.Settings[datanode.TLSPort]
	case isSet(datanode.Port):
		return n.Settings[datanode.Port]
	}
	return ""
}

// askLogins asks the node whether each other one could follow it.
func (f *flight) askLogins(ctx context.Context, n *node) {
	n.noLogin = make(map[string]string)
	for _, follower := range f.nodes {
		if follower == n || follower.Node == nil || follower.SettingsErr != nil {
			continue
		}
		if n.noLogin[follower.addr], n.noLoginErr = n.whyNoLogin(ctx, follower); n.noLoginErr != nil {
			return
		}
	}
}

// whyNoLogin says why the node would not let another one follow it; empty if it would.
func (n *node) whyNoLogin(ctx context.Context, follower *node) (string, error) {
	name, password := follower.Settings[datanode.MasterUser], follower.Settings[datanode.MasterAuth]
	if password == "" || name == "" { // without a masterauth it sends no user either
		name = defaultUserName
	}
	user, err := n.conn.User(ctx, name)
	switch {
	case err != nil:
		return "", err
	case user == nil:
		return fmt.Sprintf("has no user %q, which is its masteruser", name), nil
	case !user.On:
		return fmt.Sprintf("has the user %q, as which it would log in, turned off", name), nil
	case password == "" && !user.NoPass:
		return "requires a password, and it has no masterauth", nil
	case password != "" && user.NoPass && follower.Settings[datanode.MasterUser] == "":
		// AUTH with a password alone is an error where the default user has none.
		return "has a default user without a password, and so refuses the masterauth that it would send without a masteruser", nil
	case password != "" && !user.Accepts(password):
		return fmt.Sprintf("does not accept its masterauth for the user %q", name), nil
	}
	refused, err := n.conn.Refused(ctx, name, followCommands())
	if refused = ofUser(refused); len(refused) > 0 {
		return fmt.Sprintf("refuses %s to the user %q, as which it would log in", refused[0], name), nil
	}
	return "", err
}

// ofUser leaves out what is refused to all, since it has another name.
func ofUser(refused []datanode.Refusal) []datanode.Refusal {
	return slices.DeleteFunc(slices.Clone(refused), func(r datanode.Refusal) bool { return r.Unknown })
}

// promotionCommands are those that a Sentinel sends to a node to promote it or to make it a replica, the
// same in Redis from 6.0 to 8.6 and in Valkey to 9.1, and those with which it sees the outcome. MULTI
// fails as a whole if the node refuses one of them. Where it refuses MULTI, the others are carried out one by one.
func promotionCommands() [][]any {
	return [][]any{
		{"PING"},
		{"INFO"},
		{"MULTI"},
		{"SLAVEOF", "NO", "ONE"},
		{"CONFIG", "REWRITE"},
		{"CLIENT", "KILL", "TYPE", "normal"},
		{"CLIENT", "KILL", "TYPE", "pubsub"},
		{"EXEC"},
	}
}

func promotionNames() []string {
	var names []string
	for _, words := range promotionCommands() {
		if name, _ := words[0].(string); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// followCommands are those that a replica sends to its master.
func followCommands() [][]any {
	return [][]any{{"PING"}, {"REPLCONF", "listening-port", "6379"}, {"PSYNC", "?", "-1"}}
}
