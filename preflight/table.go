package preflight

// A check is one question about the next failover.
type check struct {
	name        string
	look        func(*flight, *outcome)
	ofSentinels bool // it needs no answer of a data node
}

func checks() []check {
	return []check{
		{"health", lookAtHealth, true},
		{"sentinel_connections", lookAtConnections, false},
		{"promotion_refused", lookAtPermissions, false},
		{"promotion_renamed", lookAtNames, false},
		{"cluster_mode", lookAtClusterMode, false},
		{"replica_login", lookAtLogins, false},
		{"rdb_version", lookAtRDB, false},
		{"min_replicas", lookAtMinReplicas, false},
		{"protected_mode", lookAtProtectedMode, false},
		{"announced_address", lookAtAnnounced, false},
		{"persistence_off", lookAtPersistence, false},
		{"slow_command", lookAtSlowest, false},
	}
}
