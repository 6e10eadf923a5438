package preflight_test

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/preflight"
)

// saves keeps persistence_off quiet.
const saves = "save 3600 1"

// serverVersion is that of the servers that the tests start.
func serverVersion(t *testing.T) sentineltest.Version {
	t.Helper()
	version, err := sentineltest.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// TestAllClear: nothing is found, nothing is unknown, and the failover succeeds.
func TestAllClear(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{NodeConf: []string{saves}})
	report := r.assess()
	if report.Status != health.OK || len(report.Findings) != 0 || len(report.Nodes) != 3 || report.Nodes[0].Role != "master" {
		t.Errorf("got %+v", report)
	}
	page, err := os.ReadFile("../docs/preflight.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Checks {
		if !strings.Contains(string(page), "\n### "+c.Check+"\n") {
			t.Errorf("docs/preflight.md has nothing about %s", c.Check)
		}
	}
	if !r.failover() {
		t.Error("the failover did not succeed")
	}
}

// TestWithoutAnAccount: what cannot be looked at is unknown.
func TestWithoutAnAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Sentinels: 1})
	report := preflight.Assess(t.Context(), r.deployment.Snapshots(t.Context()), name, preflight.Options{})
	for _, c := range report.Checks {
		if known := c.Status == health.OK; known != (c.Check == "health") || !known && !strings.Contains(c.Reason, "--node.password-file") {
			t.Errorf("got %+v", c)
		}
	}
	if report.Status != health.Unknown {
		t.Errorf("the status is %s", report.Status)
	}
	refused := account()
	refused.Nodes.Password = func() (string, error) { return "wrong", nil }
	report = preflight.Assess(t.Context(), r.deployment.Snapshots(t.Context()), name, refused)
	if report.Status != health.Unknown || !strings.Contains(report.Nodes[0].Error, "auth: WRONGPASS") {
		t.Errorf("with a wrong password: %+v", report)
	}
	for _, n := range r.Masters[0].DataNodes() {
		n.Kill()
	}
	report = preflight.Assess(t.Context(), r.deployment.Snapshots(t.Context()), name, r.options)
	if !strings.Contains(report.Nodes[1].Error, "unreachable") {
		t.Errorf("with dead nodes: %+v", report)
	}
	if preflight.Assess(t.Context(), r.deployment.Snapshots(t.Context()), "nosuch", preflight.Options{}) != nil {
		t.Error("there is a report on a name that nobody monitors")
	}
}

// TestEachPermission: without any one of those that docs/admin.md lists something could not be looked at.
func TestEachPermission(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Sentinels: 1, NodeConf: []string{saves}})
	r.unasked = true
	heir := r.Masters[0].Replicas[0]
	if report := r.assess(); report.Status != health.OK {
		t.Fatalf("with all: %+v", report)
	}
	rules := 0
	for word := range strings.FieldsSeq(sentineltest.DocumentedUser(t, "../docs/admin.md", "preflight", password)) {
		rule, is := strings.CutPrefix(word, "+")
		if !is || !serverVersion(t).AtLeast(7, 0) && strings.Contains(rule, "|") { // which earlier ones cannot take away
			continue
		}
		rules++
		r.cli(heir, "ACL", "SETUSER", "preflight", "-"+rule)
		if report := r.assess(); report.Status != health.Unknown {
			t.Errorf("without +%s: %+v", rule, report)
		}
		r.cli(heir, "ACL", "SETUSER", "preflight", "+"+rule)
	}
	if rules == 0 {
		t.Error("docs/admin.md lists none")
	}
}

// TestRefusedOnce: what the account may not do at a node is one reason, however many checks need it.
func TestRefusedOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Sentinels: 1, NodeConf: []string{saves}})
	r.unasked = true
	heir := r.Masters[0].Replicas[0]
	rule := "-acl|getuser"
	if !serverVersion(t).AtLeast(7, 0) {
		rule = "-acl"
	}
	r.cli(heir, "ACL", "SETUSER", "preflight", rule)
	report := r.assess()
	var got []preflight.Unseen
	for _, u := range report.Unseen {
		if strings.Contains(u.Reason, "ACL GETUSER") {
			got = append(got, u)
		}
	}
	if len(got) != 1 || !strings.HasPrefix(got[0].Reason, heir.Addr()+": ") || !slices.Equal(got[0].Checks, []string{"sentinel_login", "replica_login"}) {
		t.Fatalf("got %+v", report.Unseen)
	}
	if strings.ContainsAny(got[0].Reason, "\\\r\n") {
		t.Errorf("the end of the reply's line is in %q", got[0].Reason)
	}
}

// watcher is a user that has what the Sentinels need.
const watcher = "user watcher on >watch ~* &* -@all +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname +client|kill +script|kill"

// newWatchedRig is a deployment whose Sentinels are that user.
func newWatchedRig(t *testing.T) *rig {
	t.Helper()
	return newRig(t, sentineltest.Config{
		Replicas: 1, FailoverTimeout: 2 * time.Second, NodeConf: []string{saves, watcher},
		SentinelConf: []string{"sentinel auth-user mymaster watcher", "sentinel auth-pass mymaster watch"},
	})
}

// TestPromotionRefused: MULTI fails as a whole where one of its commands is refused, and a transaction that EXEC does not end
// lets nothing through. All that is needed is permitted again in the end.
func TestPromotionRefused(t *testing.T) {
	t.Parallel()
	if !serverVersion(t).AtLeast(7, 0) {
		return // TestWithoutDryRun
	}
	r := newWatchedRig(t)
	heir := r.Masters[0].Replicas[0]
	isClear := func() bool { return r.assess().Status == health.OK }
	sentineltest.WaitFor(t, "all to be clear at first", isClear)
	for rule, command := range map[string]string{"slaveof": "SLAVEOF NO ONE", "config|rewrite": "CONFIG REWRITE", "client|kill": "CLIENT KILL TYPE normal", "exec": "EXEC"} {
		r.cli(heir, "ACL", "SETUSER", "watcher", "-"+rule)
		r.finds("promotion_refused", heir, health.Critical, command+" (")
		if r.failover() {
			t.Errorf("without +%s the failover succeeded", rule)
		}
		if replica, _ := linked(t.Context(), heir); !replica {
			t.Errorf("without +%s it was promoted", rule)
		}
		r.cli(heir, "ACL", "SETUSER", "watcher", "+"+rule)
		// Whoever is in a transaction that was not ended stays there.
		r.cli(heir, "CLIENT", "KILL", "TYPE", "normal")
		sentineltest.WaitFor(t, "all to be clear again", isClear)
	}
	if !r.failover() {
		t.Error("these are not all the commands that the Sentinels need")
	}
	sentineltest.WaitFor(t, "the old master to follow", func() bool {
		replica, up := linked(t.Context(), r.Masters[0].Node)
		return replica && up
	})
}

// TestDemotionRefused: the old master stays one, however often it is told.
func TestDemotionRefused(t *testing.T) {
	t.Parallel()
	if !serverVersion(t).AtLeast(7, 0) {
		return // TestWithoutDryRun
	}
	r := newWatchedRig(t)
	old := r.Masters[0].Node
	r.cli(old, "ACL", "SETUSER", "watcher", "-client|kill")
	r.finds("promotion_refused", old, health.Critical, "it would stay a master beside the new one, and go on taking writes")
	if !r.failover() {
		t.Error("the failover did not succeed")
	}
	sentineltest.WaitFor(t, "the old master to have been told twice", func() bool {
		told := 0
		for _, s := range r.Sentinels {
			log, err := s.Log()
			if err != nil {
				t.Fatal(err)
			}
			told = max(told, strings.Count(log, "+convert-to-slave"))
		}
		return told > 1
	})
	if out := r.cli(old, "SET", "k", "v"); out != "OK" {
		t.Errorf("it answers %q", out)
	}
}

// TestMultiRefused: without MULTI the rest is carried out, but for what is refused.
func TestMultiRefused(t *testing.T) {
	t.Parallel()
	if !serverVersion(t).AtLeast(7, 0) {
		return // TestWithoutDryRun
	}
	r := newWatchedRig(t)
	heir := r.Masters[0].Replicas[0]
	r.cli(heir, "ACL", "SETUSER", "watcher", "-multi", "-slaveof")
	r.finds("promotion_refused", heir, health.Critical, "SLAVEOF NO ONE (")
	r.cli(heir, "ACL", "SETUSER", "watcher", "+slaveof", "-config|rewrite", "-exec")
	r.finds("promotion_refused", heir, health.Warning, "those that are refused are left out")
	if !r.failover() {
		t.Error("the failover did not succeed")
	}
	file, err := os.ReadFile(filepath.Join(heir.Dir(), "redis.conf"))
	if err != nil || !strings.Contains(string(file), "replicaof ") {
		t.Errorf("its file does not say any more that it is a replica: %v\n%s", err, file)
	}
}

// TestWithoutDryRun: an older node tells only of users who may do everything.
func TestWithoutDryRun(t *testing.T) {
	t.Parallel()
	if serverVersion(t).AtLeast(7, 0) {
		return
	}
	r := newRig(t, sentineltest.Config{
		Replicas: 1, NodeConf: []string{saves, strings.Replace(watcher, " &*", "", 1)}, // which Redis has from 6.2 on
		SentinelConf: []string{"sentinel auth-user mymaster watcher", "sentinel auth-pass mymaster watch"},
	})
	checks := r.assess().Checks
	if !slices.ContainsFunc(checks, func(c health.Result) bool {
		return c.Check == "promotion_refused" && c.Status == health.Unknown && strings.Contains(c.Reason, "it has no ACL DRYRUN")
	}) {
		t.Errorf("got %+v", checks)
	}
	r.cli(r.Masters[0].Node, "ACL", "SETUSER", "watcher", "+@all")
	r.cli(r.Masters[0].Replicas[0], "ACL", "SETUSER", "watcher", "+@all")
	if report := r.assess(); report.Status != health.OK {
		t.Errorf("got %+v", report)
	}
}

// TestPromotionRenamed: whether the Sentinels have the new name no reply says.
func TestPromotionRenamed(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, FailoverTimeout: 2 * time.Second, NodeConf: []string{saves, "rename-command SLAVEOF FOLLOW"}})
	unknown := func() string {
		report := r.assess()
		if report.Status != health.Unknown || len(report.Findings) != 0 {
			t.Errorf("got %+v", report)
		}
		i := slices.IndexFunc(report.Checks, func(c health.Result) bool { return c.Check == "promotion_renamed" })
		return report.Checks[i].Reason
	}
	if why := unknown(); !strings.Contains(why, "does not know SLAVEOF (rename-command)") || !strings.Contains(why, r.Masters[0].Replicas[0].Addr()) {
		t.Errorf("got the reason %s", why)
	}
	if r.failover() {
		t.Error("the failover succeeded, and no Sentinel had the new name")
	}
	for _, s := range r.Sentinels {
		r.cli(s.Node, "SENTINEL", "SET", name, "rename-command", "SLAVEOF", "FOLLOW")
	}
	if !r.failover() {
		t.Error("the failover did not succeed with the new name")
	}
}

// TestReplicaLogin: the old master cannot come back.
func TestReplicaLogin(t *testing.T) {
	t.Parallel()
	const password, other = "canary-master", "canary-other"
	for _, test := range []struct {
		name     string
		password string            // of the default user of all
		set      map[string]string // on the old master
		words    string            // of the finding
		log      string            // of the old master then
		since    int               // of Redis
	}{
		{"another masterauth", password, map[string]string{"masterauth": other}, `does not accept its masterauth for the user "default"`, "WRONGPASS", 6},
		{"no masterauth", password, map[string]string{"masterauth": ""}, "requires a password, and it has no masterauth", "NOAUTH", 6},
		{"a masterauth where none is required", "", map[string]string{"masterauth": other}, "has a default user without a password, and so refuses the masterauth", "without any password configured", 6},
		{"a masteruser that is not there", password, map[string]string{"masteruser": "nobody"}, `has no user "nobody", which is its masteruser`, "WRONGPASS", 6},
		{"a masteruser that is off", password, map[string]string{"masteruser": "off"}, `has the user "off", as which it would log in, turned off`, "WRONGPASS", 6},
		{"a masteruser with another password", password, map[string]string{"masteruser": "other"}, `does not accept its masterauth for the user "other"`, "WRONGPASS", 6},
		{"a masteruser that may not", password, map[string]string{"masteruser": "weak"}, `PSYNC ? -1 (`, "NOPERM", 7},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if !serverVersion(t).AtLeast(test.since, 0) {
				return // it has no ACL DRYRUN
			}
			r := newRig(t, sentineltest.Config{Replicas: 1, Sentinels: 1, MasterPassword: test.password, NodeConf: []string{
				saves, "user off off >" + password + " ~* +@all", "user other on >canary-third ~* +@all", "user weak on >" + password + " ~* +ping +replconf",
			}})
			old := r.Masters[0].Node
			for name, value := range test.set {
				r.cli(old, "CONFIG", "SET", name, value)
			}
			r.finds("replica_login", old, health.Critical, test.words)
			if !r.failover() {
				t.Error("the failover did not succeed")
			}
			sentineltest.WaitFor(t, "the new master to refuse the old one", func() bool {
				log, err := old.Log()
				return err == nil && strings.Contains(log, test.log)
			})
			if _, up := linked(t.Context(), old); up {
				t.Error("the old master has come back")
			}
		})
	}
}

// TestReplicaLoginOfAny: a default user without a password lets a masteruser in who gives one.
func TestReplicaLoginOfAny(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, Sentinels: 1, NodeConf: []string{saves}})
	old := r.Masters[0].Node
	r.cli(old, "CONFIG", "SET", "masteruser", "default")
	r.cli(old, "CONFIG", "SET", "masterauth", "canary-any")
	if report := r.assess(); report.Status != health.OK {
		t.Errorf("got %+v", report)
	}
	if !r.failover() {
		t.Error("the failover did not succeed")
	}
	sentineltest.WaitFor(t, "the old master to follow", func() bool {
		replica, up := linked(t.Context(), old)
		return replica && up
	})
}

// TestMinReplicas: after the loss of the master the new one takes no writes.
func TestMinReplicas(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, NodeConf: []string{saves}})
	heir := r.Masters[0].Replicas[0]
	r.cli(heir, "CONFIG", "SET", "min-replicas-to-write", "1")
	r.finds("min_replicas", heir, health.Critical, "NOREPLICAS")
	r.Masters[0].Node.Kill()
	sentineltest.WaitFor(t, "the failover", func() bool { replica, _ := linked(t.Context(), heir); return !replica })
	if out, err := heir.CLI(t.Context(), "SET", "k", "v"); err == nil || !strings.Contains(err.Error(), "NOREPLICAS") {
		t.Errorf("it answers %q, %v", out, err)
	}
}

// TestMinReplicasOff: min-replicas-max-lag 0 turns it off.
func TestMinReplicasOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, NodeConf: []string{saves}})
	heir := r.Masters[0].Replicas[0]
	r.cli(heir, "CONFIG", "SET", "min-replicas-to-write", "1")
	r.cli(heir, "CONFIG", "SET", "min-replicas-max-lag", "0")
	if report := r.assess(); report.Status != health.OK {
		t.Errorf("got %+v", report)
	}
	r.Masters[0].Node.Kill()
	sentineltest.WaitFor(t, "the failover", func() bool { replica, _ := linked(t.Context(), heir); return !replica })
	if out := r.cli(heir, "SET", "k", "v"); out != "OK" {
		t.Errorf("it answers %q", out)
	}
}

// TestProtectedMode: the connections that there are stay; new ones from other hosts are refused.
func TestProtectedMode(t *testing.T) {
	t.Parallel()
	if !serverVersion(t).AtLeast(7, 0) {
		return // TestProtectedModeOfBound
	}
	hosts := map[string]string{"master-0": "127.0.0.21", "master-0-replica-0": "127.0.0.22"}
	host := func(node string) string { return cmp.Or(hosts[node], "127.0.0.1") }
	r := newRig(t, sentineltest.Config{Replicas: 1, Hosts: host, NodeConf: []string{saves}})
	old, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
	// To servers from 7.2 on all of 127.0.0.0/8 is the same host. Nobody listens at the other address.
	r.cli(old, "CONFIG", "SET", "bind-source-addr", ownAddress(t))
	r.cli(heir, "CONFIG", "SET", "protected-mode", "yes")
	r.finds("protected_mode", heir, health.Critical, "refuses new connections from other hosts")
	if !r.failover() {
		t.Error("the failover did not succeed")
	}
	sentineltest.WaitFor(t, "the old master to be refused", func() bool {
		log, err := old.Log()
		return err == nil && strings.Contains(log, "DENIED")
	})
	if _, up := linked(t.Context(), old); up {
		t.Error("the old master follows it")
	}
}

// ownAddress is an address of this machine that is not one of the loopback interface.
func ownAddress(t *testing.T) string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if own, is := a.(*net.IPNet); is && own.IP.To4() != nil && own.IP.IsGlobalUnicast() {
			return own.IP.String()
		}
	}
	t.Fatal("the machine has no IPv4 address but those of the loopback interface: give it one")
	return ""
}

// TestProtectedModeOfBound: to servers before 7.0 a bind directive is protection enough.
func TestProtectedModeOfBound(t *testing.T) {
	t.Parallel()
	if serverVersion(t).AtLeast(7, 0) {
		return // TestProtectedMode
	}
	hosts := map[string]string{"master-0": "127.0.0.21", "master-0-replica-0": "127.0.0.22"}
	r := newRig(t, sentineltest.Config{Replicas: 1, Hosts: func(node string) string { return cmp.Or(hosts[node], "127.0.0.1") }, NodeConf: []string{saves}})
	r.cli(r.Masters[0].Replicas[0], "CONFIG", "SET", "protected-mode", "yes")
	if report := r.assess(); report.Status != health.OK {
		t.Errorf("got %+v", report)
	}
	if !r.failover() {
		t.Error("the failover did not succeed")
	}
}

// TestAnnouncedAddress: the old master is listed twice.
func TestAnnouncedAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, NodeConf: []string{saves}})
	old := r.Masters[0].Node
	r.cli(old, "CONFIG", "SET", "replica-announce-ip", "127.0.0.9")
	r.finds("announced_address", old, health.Warning, "127.0.0.9")
	if !r.failover() {
		t.Error("the failover did not succeed")
	}
	sentineltest.WaitFor(t, "both addresses", func() bool {
		rows, err := r.Sentinels[0].Rows(t.Context(), "SENTINEL", "REPLICAS", name)
		return err == nil && len(rows) == 2
	})
}

// TestPersistenceOff: a restart that no Sentinel sees empties all.
func TestPersistenceOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, DownAfter: 20 * time.Second})
	old, replica := r.Masters[0].Node, r.Masters[0].Replicas[0]
	r.cli(replica, "CONFIG", "SET", "appendonly", "yes")
	r.finds("persistence_off", old, health.Warning, "restarted within down-after (20s), it comes back empty")
	r.cli(old, "SET", "kept", "x")
	sentineltest.WaitFor(t, "the replica to have it", func() bool { return r.cli(replica, "GET", "kept") == "x" })
	old.Kill()
	if err := old.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	sentineltest.WaitFor(t, "the replica to throw its data away", func() bool { return r.cli(replica, "DBSIZE") == "0" })
}

// TestSlowCommand: what took too long once leads to a failover the next time.
func TestSlowCommand(t *testing.T) {
	t.Parallel()
	conf := []string{saves}
	if serverVersion(t).AtLeast(7, 0) {
		conf = append(conf, "enable-debug-command yes")
	}
	r := newRig(t, sentineltest.Config{Replicas: 1, DownAfter: 20 * time.Second, NodeConf: conf})
	old := r.Masters[0].Node
	r.cli(old, "DEBUG", "SLEEP", "1.1")
	// It takes a moment where the Sentinels have connected again meanwhile.
	sentineltest.WaitFor(t, "all to be clear with a longer down-after", func() bool { return r.assess().Status == health.OK })
	for _, s := range r.Sentinels {
		r.cli(s.Node, "SENTINEL", "SET", name, "down-after-milliseconds", "1000")
	}
	r.finds("slow_command", old, health.Warning, "longer than down-after (1s)")
	const tooMuch = "1500000"
	r.cli(old, "CONFIG", "SET", "slowlog-log-slower-than", tooMuch)
	if checks := r.assess().Checks; !slices.ContainsFunc(checks, func(c health.Result) bool {
		return c.Check == "slow_command" && strings.Contains(c.Reason, tooMuch)
	}) {
		t.Errorf("with a slowlog that records too little: %+v", checks)
	}
	r.cli(old, "CONFIG", "SET", "slowlog-log-slower-than", "10000")
	r.cli(old, "CONFIG", "SET", "slowlog-max-len", "0")
	if checks := r.assess().Checks; !slices.ContainsFunc(checks, func(c health.Result) bool {
		return c.Check == "slow_command" && strings.Contains(c.Reason, "it keeps none")
	}) {
		t.Errorf("with a slowlog that keeps nothing: %+v", checks)
	}
	go func() { _, _ = old.CLI(t.Context(), "DEBUG", "SLEEP", "8") }()
	sentineltest.WaitFor(t, "the failover", func() bool {
		return r.MasterField(t.Context(), name, "port")[0] != strconv.Itoa(old.Port())
	})
}

// TestClusterMode: a node of a cluster refuses to be promoted.
func TestClusterMode(t *testing.T) {
	t.Parallel()
	if !serverVersion(t).AtLeast(7, 0) {
		return // earlier ones have no cluster-port: theirs is 10,000 higher than the port, which may be too high
	}
	r := newRig(t, sentineltest.Config{Masters: []string{name, "other"}, Replicas: sentineltest.None, FailoverTimeout: 2 * time.Second, NodeConf: []string{saves}})
	master, heir := r.Masters[0].Node, r.Masters[1].Node
	for _, n := range []*sentineltest.Node{master, heir} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		_ = listener.Close()
		file, err := os.OpenFile(filepath.Join(n.Dir(), "redis.conf"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(file, "cluster-enabled yes\ncluster-port %s\n", port)
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	bus := r.cli(master, "CONFIG", "GET", "cluster-port")
	r.cli(heir, "CLUSTER", "MEET", master.Host(), strconv.Itoa(master.Port()), strings.TrimSpace(bus[strings.LastIndex(bus, "\n")+1:]))
	id := r.cli(master, "CLUSTER", "MYID")
	sentineltest.WaitFor(t, "the heir to follow", func() bool {
		out, err := heir.CLI(t.Context(), "CLUSTER", "REPLICATE", id)
		return err == nil && out == "OK"
	})
	sentineltest.WaitFor(t, "the Sentinels to see a replica that can be promoted", func() bool {
		rows, err := r.Sentinels[0].Rows(t.Context(), "SENTINEL", "REPLICAS", name)
		return err == nil && len(rows) == 1 && rows[0].Get("master-link-status") == "ok" && !strings.Contains(rows[0].Get("flags"), "down")
	})
	report := r.assess()
	var nodes []string
	for _, f := range report.Findings {
		if f.Check == "cluster_mode" {
			nodes = append(nodes, f.Node)
		}
	}
	if !slices.Equal(nodes, []string{master.Addr(), heir.Addr()}) {
		t.Errorf("cluster_mode names %v: %+v", nodes, report)
	}
	if r.failover() {
		t.Error("the failover succeeded")
	}
}
