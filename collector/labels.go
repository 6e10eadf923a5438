package collector

// The labels that several tables have.
const (
	labelMaster   = "master_name"
	labelSentinel = "sentinel"
)
