package main

// A fault is one thing to break.
type fault struct {
	name  string
	says  string     // what it is
	look  string     // what to look at
	alert string     // the alert that tells of it
	after string     // its "for": how long it has to last until then
	do    [][]string // commands of Docker Compose; MASTER, REPLICA and REDIS stand for services
	mend  [][]string
}

// What stands for services in a command.
const (
	master  = "MASTER"  // the one that is the master now
	replica = "REPLICA" // one that is not
)

// faults are the faults, from the slight to the bad.
func faults() []fault {
	return []fault{
		{
			name: "replica-dies", says: "a replica dies",
			look:  "the Sentinels consider it down after 5 seconds. The page says which replicas can still be promoted.",
			alert: "RedisSentinelReplicaDown", after: "5m",
			do:   [][]string{{"kill", replica}},
			mend: [][]string{{"start", replica}},
		},
		{
			name: "sentinel-dies", says: "one of three Sentinels dies",
			look:  "a failover would still work, but the margin is 0: no other Sentinel can fail.",
			alert: "RedisSentinelDown", after: "5m",
			do:   [][]string{{"kill", "sentinel-2"}},
			mend: [][]string{{"start", "sentinel-2"}},
		},
		{
			name: "settings-differ", says: "somebody changes the quorum at one Sentinel only",
			look:  "the page says which Sentinel has which quorum.",
			alert: "RedisSentinelSettingsDrift", after: "10m",
			do:   [][]string{{"exec", "-T", "sentinel-1", "redis-cli", "-p", "26379", "SENTINEL", "SET", "mymaster", "quorum", "3"}},
			mend: [][]string{{"exec", "-T", "sentinel-1", "redis-cli", "-p", "26379", "SENTINEL", "SET", "mymaster", "quorum", "2"}},
		},
		{
			name: "master-hangs", says: "the master hangs",
			look:  "the Sentinels promote a replica within some 10 seconds. When the old master goes on, it becomes a replica.",
			alert: "RedisSentinelFailoverHappened", after: "",
			do:   [][]string{{"pause", master}},
			mend: [][]string{{"unpause", master}},
		},
		{
			name: "nobody-to-promote", says: "no replica may be promoted, though all is up",
			look:  "SENTINEL CKQUORUM still says OK. The page says why no failover would succeed.",
			alert: "RedisSentinelFailoverImpossible", after: "5m",
			do:   priority("0"),
			mend: priority("100"),
		},
		{
			name: "quorum-lost", says: "two of three Sentinels die",
			look:  "if the master died now, nobody would replace it.",
			alert: "RedisSentinelBelowMajority", after: "1m",
			do:   [][]string{{"kill", "sentinel-1", "sentinel-2"}},
			mend: [][]string{{"start", "sentinel-1", "sentinel-2"}},
		},
		{
			name: "exporter-dies", says: "the exporter dies",
			look:  "Prometheus has its target down, and keeps those of redis_exporter, which it had from the exporter.",
			alert: "RedisSentinelNoExporterUp", after: "3m",
			do:   [][]string{{"kill", "exporter"}},
			mend: [][]string{{"start", "exporter"}},
		},
	}
}

// nodes are the services of the Redis nodes, of which any may be the master.
func nodes() []string { return []string{"redis-0", "redis-1", "redis-2"} }

// priority sets that of all nodes.
func priority(value string) [][]string {
	var commands [][]string
	for _, node := range nodes() {
		commands = append(commands, []string{"exec", "-T", node, "redis-cli", "CONFIG", "SET", "replica-priority", value})
	}
	return commands
}
