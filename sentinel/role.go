package sentinel

// The roles of a data node, in the words of INFO, of the field role-reported and of the
// events.
const (
	RoleMaster  = "master"
	RoleReplica = "slave"
)
