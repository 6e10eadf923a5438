package sentinel

// The settings of a master that a Sentinel shows, by their names in SENTINEL SET.
const (
	SettingQuorum          = "quorum"
	SettingDownAfter       = "down-after-milliseconds"
	SettingFailoverTimeout = "failover-timeout"
	SettingParallelSyncs   = "parallel-syncs"
)

// A Setting is a setting that each Sentinel has for itself, and shows in MASTERS.
type Setting struct {
	Name string
	Read func(*Master) Number
	// Default is the value after SENTINEL MONITOR; "" for the quorum, which that command sets.
	Default string
}

// Settings returns all settings that a Sentinel shows.
func Settings() [4]Setting {
	return [...]Setting{
		{SettingQuorum, func(m *Master) Number { return m.Quorum }, ""},
		{SettingDownAfter, func(m *Master) Number { return inMillis(m.DownAfter) }, "30000"},
		{SettingFailoverTimeout, func(m *Master) Number { return inMillis(m.FailoverTimeout) }, "180000"},
		{SettingParallelSyncs, func(m *Master) Number { return m.ParallelSyncs }, "1"},
	}
}

func inMillis(d Duration) Number { return Number{Value: d.Value.Milliseconds(), Present: d.Present} }
