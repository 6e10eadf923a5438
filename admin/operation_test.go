package admin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

func TestInvalidOperations(t *testing.T) {
	t.Parallel()
	operator := admin.New(deployment.New(), time.Second)
	of := func(options ...sentinel.Option) admin.Operation {
		return admin.Operation{Action: admin.Set, Master: name, Settings: options}
	}
	monitor := func(master, addr string, quorum int, options ...sentinel.Option) admin.Operation {
		return admin.Operation{Action: admin.Monitor, Master: master, Address: addr, Quorum: quorum, Settings: options}
	}
	for what, op := range map[string]admin.Operation{
		"no action":               {Master: name},
		"a name with a newline":   {Action: admin.Failover, Master: "a\nb"},
		"nothing to set":          of(),
		"an unknown option":       of(option("no-such", 1)),
		"capitals":                of(option("Quorum", 1)),
		"a script":                of(option("notification-script", "/bin/true")),
		"a script in capitals":    of(option("CLIENT-RECONFIG-SCRIPT", "/bin/true")),
		"quorum 0":                of(option("quorum", 0)),
		"a negative time":         of(option("failover-timeout", -1)),
		"a fraction":              of(option("down-after-milliseconds", "1.5")),
		"words":                   of(option("parallel-syncs", "many")),
		"a number with a sign":    of(option("parallel-syncs", "+1")),
		"too large":               of(option("quorum", "4294967297")),
		"reboot period -1":        of(option("master-reboot-down-after-period", -1)),
		"two values":              of(option("quorum", 1, 2)),
		"one name to rename":      of(option("rename-command", "CONFIG")),
		"twice":                   of(option("quorum", 1), option("quorum", 2)),
		"a password of two lines": of(option("auth-pass", canary+"\nsentinel myid x")),
		"two passwords":           of(option("auth-pass", canary, canary)),
		"no name to monitor":      monitor("", "127.0.0.1:1", 1),
		"a name with a blank":     monitor("a b", "127.0.0.1:1", 1),
		"a name with a quote":     monitor("a'b", "127.0.0.1:1", 1),
		"no port":                 monitor("a", "127.0.0.1", 1),
		"port 0":                  monitor("a", "127.0.0.1:0", 1),
		"port 65536":              monitor("a", "127.0.0.1:65536", 1),
		"no host":                 monitor("a", ":1", 1),
		"a host with a blank":     monitor("a", "a b:1", 1),
		"no quorum":               monitor("a", "127.0.0.1:1", 0),
		"two quorums":             monitor("a", "127.0.0.1:1", 1, option("quorum", 2)),
		"a bad option":            monitor("a", "127.0.0.1:1", 1, option("no-such", 2)),
	} {
		_, err := operator.Do(t.Context(), op, nil)
		if _, ok := errors.AsType[*admin.InvalidError](err); !ok {
			t.Errorf("%s: got the error %v", what, err)
		} else if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error says %q", what, err)
		}
	}
}
