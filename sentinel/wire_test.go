package sentinel

import (
	"fmt"
	"strings"
)

// wire builds the raw RESP2 of a value: a string, an int, nil or a []any.
func wire(value any) string {
	switch v := value.(type) {
	case nil:
		return "*-1\r\n"
	case int:
		return fmt.Sprintf(":%d\r\n", v)
	case string:
		return fmt.Sprintf("$%d\r\n%s\r\n", len(v), v)
	case []any:
		var b strings.Builder
		fmt.Fprintf(&b, "*%d\r\n", len(v))
		for _, element := range v {
			b.WriteString(wire(element))
		}
		return b.String()
	}
	panic(fmt.Sprintf("no wire form of %T", value))
}

// flat turns "name=value name=value" into a flat array; a value may be empty.
func flat(pairs string) []any {
	var list []any
	for pair := range strings.FieldsSeq(pairs) {
		name, value, _ := strings.Cut(pair, "=")
		list = append(list, name, value)
	}
	return list
}

// Replies of a redis-server 7.0.15 with a master, two replicas and three
// Sentinels, as it printed them.
const (
	healthyMaster = `name=mymaster ip=127.0.0.1 port=17000 runid=0b996a27d2e593804f02b9b38e9fb298cb6443f9 flags=master
link-pending-commands=0 link-refcount=1 last-ping-sent=0 last-ok-ping-reply=59 last-ping-reply=59
down-after-milliseconds=3000 info-refresh=3771 role-reported=master role-reported-time=23870 config-epoch=0 num-slaves=2
num-other-sentinels=2 quorum=2 failover-timeout=20000 parallel-syncs=1`
	healthyReplica = `name=127.0.0.1:17001 ip=127.0.0.1 port=17001 runid=607db6430f945993212be6ef7c973aecdd0c5968
flags=slave link-pending-commands=0 link-refcount=1 last-ping-sent=0 last-ok-ping-reply=880 last-ping-reply=880
down-after-milliseconds=3000 info-refresh=9660 role-reported=slave role-reported-time=23894 master-link-down-time=0
master-link-status=ok master-host=127.0.0.1 master-port=17000 slave-priority=100 slave-repl-offset=2472 replica-announced=1`
	healthyPeer = `name=a299190e21d5a431b39730adddc13a1173f866db ip=127.0.0.1 port=17011
runid=a299190e21d5a431b39730adddc13a1173f866db flags=sentinel link-pending-commands=0 link-refcount=1 last-ping-sent=0
last-ok-ping-reply=167 last-ping-reply=167 down-after-milliseconds=3000 last-hello-message=1504 voted-leader=?
voted-leader-epoch=0`
	failingMaster = `name=mymaster ip=127.0.0.1 port=17000 runid=0b996a27d2e593804f02b9b38e9fb298cb6443f9
flags=s_down,o_down,master,failover_in_progress,a_new_word link-pending-commands=61 link-refcount=1
failover-state=reconf_slaves last-ping-sent=4100 last-ok-ping-reply=5200 last-ping-reply=5200 s-down-time=1177
o-down-time=1076 down-after-milliseconds=3000 info-refresh=12024 role-reported=master role-reported-time=60000
config-epoch=18446744 num-slaves=2 num-other-sentinels=2 quorum=2 failover-timeout=20000 parallel-syncs=1
a-new-field=1`
	neverLinkedReplica = `name=[::1]:17005 ip=::1 port=17005 runid= flags=slave,disconnected link-pending-commands=0
link-refcount=1 last-ping-sent=0 last-ok-ping-reply=10 last-ping-reply=10 down-after-milliseconds=3000 info-refresh=0
role-reported=slave role-reported-time=10 master-link-down-time=-1000 master-link-status=err master-host=?
master-port=0 slave-priority=100 slave-repl-offset=0 replica-announced=1`
)
