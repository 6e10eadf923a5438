package sentinel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Info is the INFO of a Sentinel. Fields that its version does not send are absent.
type Info struct {
	Version string // the product's own version
	Product string // "redis" or "valkey"
	RunID   string // changes at each start, unlike the id of the Sentinel
	Uptime  Duration
	// ServerTime is the Sentinel's clock, from Redis 6.2 on.
	ServerTime Optional[time.Time]

	Masters              Number
	Tilt                 Optional[bool]
	TiltSince            Duration // absent when not in TILT, and before 7.0
	TotalTilt            Number   // Valkey 9.0, Redis 8.2 and later
	RunningScripts       Number
	ScriptsQueueLength   Number
	SimulateFailureFlags Number

	ConnectedClients    Number
	PubSubClients       Number // those that subscribe to events; Redis 8.0, Valkey 8.1 and later
	MaxClients          Number
	RejectedConnections Number
	TotalConnections    Number
	TotalCommands       Number
	CPU                 []CPUTime // in the order of the reply
}

// CPUTime is the processor time used in one mode: sys, user, sys_children,
// user_children, sys_main_thread or user_main_thread.
type CPUTime struct {
	Mode    string
	Seconds float64
}

// readInfo parses the raw reply to INFO.
func readInfo(raw string) (*Info, error) {
	text, err := readText(raw)
	if err != nil {
		return nil, err
	}
	return parseInfo(text)
}

// parseInfo parses the text of INFO. It ignores unknown lines.
func parseInfo(text string) (*Info, error) {
	info := &Info{Product: "redis"}
	if err := infoLines(text, info.set); err != nil {
		return nil, err
	}
	if info.RunID == "" {
		return nil, fmt.Errorf("%w: INFO has no run_id", errMalformed)
	}
	return info, nil
}

// infoLines calls set with each field of INFO. Lines without a value are headings.
func infoLines(text string, set func(name, value string) error) error {
	for more := true; more; {
		var line string
		line, text, more = strings.Cut(text, "\n")
		if name, value, found := strings.Cut(line, ":"); found {
			if err := set(name, strings.TrimSuffix(value, "\r")); err != nil {
				return err
			}
		}
	}
	return nil
}

// setVersion sets the product and its own version. Valkey first sends the Redis version that
// it is compatible with, and then its own.
func setVersion(name, value string, product, version *string) {
	if name == "valkey_version" {
		*product = "valkey"
	}
	*version = value
}

func (i *Info) set(name, value string) (err error) {
	switch name {
	case "redis_version", "valkey_version":
		setVersion(name, value, &i.Product, &i.Version)
	case "run_id":
		i.RunID = value
	case "uptime_in_seconds":
		i.Uptime, err = seconds(name, value)
	case "server_time_usec":
		var usec Number
		usec, err = number(name, value)
		i.ServerTime = Some(time.UnixMicro(usec.Value))
	case "connected_clients":
		i.ConnectedClients, err = number(name, value)
	case "pubsub_clients":
		i.PubSubClients, err = number(name, value)
	case "maxclients":
		i.MaxClients, err = number(name, value)
	case "rejected_connections":
		i.RejectedConnections, err = number(name, value)
	case "total_connections_received":
		i.TotalConnections, err = number(name, value)
	case "total_commands_processed":
		i.TotalCommands, err = number(name, value)
	default:
		if mode, found := strings.CutPrefix(name, "used_cpu_"); found {
			return i.setCPU(mode, value)
		}
		return i.setSentinel(name, value)
	}
	return err
}

// setSentinel sets a field of the section "# Sentinel".
func (i *Info) setSentinel(name, value string) (err error) {
	switch name {
	case "sentinel_masters":
		i.Masters, err = number(name, value)
	case "sentinel_tilt":
		i.Tilt = Some(value != "0")
	case "sentinel_tilt_since_seconds":
		if value != "-1" {
			i.TiltSince, err = seconds(name, value)
		}
	case "sentinel_total_tilt":
		i.TotalTilt, err = number(name, value)
	case "sentinel_running_scripts":
		i.RunningScripts, err = number(name, value)
	case "sentinel_scripts_queue_length":
		i.ScriptsQueueLength, err = number(name, value)
	case "sentinel_simulate_failure_flags":
		i.SimulateFailureFlags, err = number(name, value)
	}
	return err
}

// setCPU adds the time of a known mode. It ignores others, of which a malicious server could
// send any number.
func (i *Info) setCPU(mode, value string) error {
	if !slices.Contains([]string{"sys", "user", "sys_children", "user_children", "sys_main_thread", "user_main_thread"}, mode) {
		return nil
	}
	used, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return fmt.Errorf("%w: field used_cpu_%s is %q, not a number", errMalformed, mode, clip(value))
	}
	i.CPU = append(i.CPU, CPUTime{Mode: mode, Seconds: used})
	return nil
}
