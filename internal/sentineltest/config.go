package sentineltest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"time"
)

// None asks for no replicas or no Sentinels where 0 means the default number.
const None = -1

// Config says what to start. Its zero value is one master "mymaster" with two replicas and three Sentinels.
type Config struct {
	Dir    string // holds one directory per node; a temporary one, removed by Close, when empty
	Binary string // redis-server or valkey-server; default $REDIS_SERVER, then redis-server from $PATH
	// Binaries, where given, is the server of each node (master-0, master-0-replica-1, sentinel-2 ...); empty for Binary,
	// whose version is taken for that of all.
	Binaries func(node string) string
	CLI      string // redis-cli 7.0 or later; default $REDIS_CLI, then redis-cli from $PATH

	Masters   []string // names; default "mymaster"
	Replicas  int      // of each master; default 2, None for none
	Sentinels int      // default 3, None for none

	Quorum          int           // default the majority of the Sentinels
	DownAfter       time.Duration // default 1s
	FailoverTimeout time.Duration // default 10s
	ParallelSyncs   int           // default 1

	// Host is what the nodes bind and announce: default 127.0.0.1; "::1"; or a host name such as "localhost", which
	// makes the Sentinels resolve and announce host names.
	Host string

	SentinelConf []string // extra lines for every sentinel.conf
	NodeConf     []string // extra lines for every master's and replica's redis.conf

	Password       string   // requirepass of the Sentinels
	ACL            []string // extra lines "user ..." for the Sentinels
	MasterPassword string   // requirepass of masters and replicas, known to each other and to the Sentinels

	TLS         bool // Sentinels, masters and replicas speak TLS only; see Topology.TLS
	ClientCerts bool // and ask clients for a certificate

	// Proxied puts a Proxy before each Sentinel, for clients only: see Sentinel.Proxy and Topology.ClientAddrs.
	Proxied bool
	// Hosts, where given, is the loopback address of each node (master-0, master-0-replica-1, sentinel-2 ...), such as
	// 127.0.0.2. Nodes that share one are on one machine. It needs Linux, where all of 127.0.0.0/8 is local, and no Host.
	Hosts func(node string) string
	// Partitionable gives each node a loopback address of its own and a relay before it, so that Topology.Isolate and
	// Topology.Partition can cut nodes off from each other. It needs Linux, where all of 127.0.0.0/8 is local, and no Host.
	Partitionable bool

	// SlowTimers leaves the Sentinels' timers at their defaults. Otherwise, on servers that have SENTINEL DEBUG (7.0),
	// they are set so that discovery and failover take about two seconds.
	SlowTimers bool
	// Timers sets or overrides single timers by the names of SENTINEL DEBUG, such as "tilt-trigger".
	Timers map[string]time.Duration

	// NoSettle makes Start return as soon as every node answers, before the Sentinels know all of them.
	NoSettle bool
}

// withDefaults returns the configuration with every default filled in, or says what is wrong with it.
func (c Config) withDefaults() (Config, error) {
	if len(c.Masters) == 0 {
		c.Masters = []string{"mymaster"}
	}
	c.Replicas = count(c.Replicas, 2)
	c.Sentinels = count(c.Sentinels, 3)
	c.Quorum = orDefault(c.Quorum, c.Sentinels/2+1)
	c.DownAfter = orDefault(c.DownAfter, time.Second)
	c.FailoverTimeout = orDefault(c.FailoverTimeout, 10*time.Second)
	c.ParallelSyncs = orDefault(c.ParallelSyncs, 1)
	if (c.Partitionable || c.Hosts != nil) && c.Host != "" {
		return c, errors.New("sentineltest: Partitionable and Hosts choose the nodes' addresses: leave Host empty")
	}
	c.Host = orDefault(c.Host, "127.0.0.1")
	c.TLS = c.TLS || c.ClientCerts
	var err error
	if c.Binary, err = findProgram(c.Binary, "REDIS_SERVER", "redis-server"); err != nil {
		return c, err
	}
	if c.CLI, err = findProgram(c.CLI, "REDIS_CLI", "redis-cli"); err != nil {
		return c, err
	}
	return c, nil
}

func count(n, otherwise int) int {
	return max(0, orDefault(n, otherwise))
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// findProgram looks for a program where the caller, else the environment, else $PATH says it is.
func findProgram(path, env, name string) (string, error) {
	path = orDefault(orDefault(path, os.Getenv(env)), name)
	found, err := exec.LookPath(path)
	if err != nil {
		return "", fmt.Errorf("sentineltest: %w: install %s (Debian, Ubuntu: apt-get install redis-server redis-tools) or name it in $%s",
			err, name, env)
	}
	return found, nil
}

// resolve returns the address to bind for a host, and whether the host is a name.
func resolve(ctx context.Context, host string) (ip string, named bool, err error) {
	if net.ParseIP(host) != nil {
		return host, false, nil
	}
	ips, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return "", true, fmt.Errorf("sentineltest: the address of host %q: %w", host, err)
	}
	slices.Sort(ips) // IPv4 first, whatever order the resolver prefers
	return ips[0], true, nil
}
