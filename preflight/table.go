package preflight

// A check is one question about the next failover.
type check struct {
	name  string
	look  func(*flight, *outcome)
	needs needed
}

// A needed is what a check cannot be made without.
type needed int

const (
	dataNodes needed = iota
	sentinels
	either // it looks at both, each by itself
)

func checks() []check {
	return []check{
		{"health", lookAtHealth, sentinels},
		{"sentinel_connections", lookAtConnections, dataNodes},
		{"sentinel_login", lookAtSentinelLogins, dataNodes},
		{"promotion_refused", lookAtPermissions, dataNodes},
		{"promotion_renamed", lookAtNames, dataNodes},
		{"cluster_mode", lookAtClusterMode, dataNodes},
		{"replica_login", lookAtLogins, dataNodes},
		{"replica_tls", lookAtReplicaTLS, dataNodes},
		{"rdb_version", lookAtRDB, dataNodes},
		{"min_replicas", lookAtMinReplicas, dataNodes},
		{"writes_refused", lookAtWrites, dataNodes},
		{"protected_mode", lookAtProtectedMode, dataNodes},
		{"announced_address", lookAtAnnounced, dataNodes},
		{"persistence_off", lookAtPersistence, dataNodes},
		{"slow_command", lookAtSlowest, dataNodes},
		{"certificate_expires", lookAtCertificates, either},
	}
}
