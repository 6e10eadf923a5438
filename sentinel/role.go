package sentinel

// The roles of a data node, as INFO, the field role-reported and the events name them.
const (
	RoleMaster  = "master"
	RoleReplica = "slave"
)
