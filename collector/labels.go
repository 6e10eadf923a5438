package collector

// The labels that more than one table has.
const (
	labelMaster   = "master_name"
	labelSentinel = "sentinel"
)
