package sentinel

// The settings of a master that a Sentinel shows, by the names that SENTINEL SET has
// for them.
const (
	SettingQuorum          = "quorum"
	SettingDownAfter       = "down-after-milliseconds"
	SettingFailoverTimeout = "failover-timeout"
	SettingParallelSyncs   = "parallel-syncs"
)

// A Setting is one that each Sentinel has for itself, and shows in MASTERS.
type Setting struct {
	Name string
	Read func(*Master) Number
	// Default is what SENTINEL MONITOR gives a master; "" for the quorum, which it is told.
	Default string
}

// Settings returns all of them.
func Settings() []Setting {
	millis := func(d Duration) Number { return Number{Value: d.Value.Milliseconds(), Present: d.Present} }
	return []Setting{
		{SettingQuorum, func(m *Master) Number { return m.Quorum }, ""},
		{SettingDownAfter, func(m *Master) Number { return millis(m.DownAfter) }, "30000"},
		{SettingFailoverTimeout, func(m *Master) Number { return millis(m.FailoverTimeout) }, "180000"},
		{SettingParallelSyncs, func(m *Master) Number { return m.ParallelSyncs }, "1"},
	}
}
