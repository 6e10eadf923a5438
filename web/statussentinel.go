package web

import (
	"fmt"

	"redis_sentinel_exporter/sentinel"
)

// A statusSentinel is the row of one Sentinel.
type statusSentinel struct {
	Addr    string
	Silent  string
	ID      string
	Version string
	Uptime  string
	Tilt    cell
	Clients string
	Took    string
}

func newStatusSentinel(s *sentinel.Snapshot) statusSentinel {
	v := statusSentinel{Addr: s.Sentinel, ID: s.ID, Took: fmt.Sprintf("%.1f ms", float64(s.Duration.Microseconds())/1000), Uptime: "?", Clients: "?", Tilt: cell{Text: "?"}}
	if !s.Up() {
		v.Silent = "did not answer: " + silence(s)
		return v
	}
	if s.Info == nil {
		return v
	}
	v.Version = s.Info.Product + " " + s.Info.Version
	v.Uptime = age(s.Info.Uptime)
	v.Tilt = cell{Text: "no"}
	if s.Tilt() {
		v.Tilt = cell{Text: "yes, " + age(s.Info.TiltSince), Bad: true}
	}
	v.Clients = number(s.Info.ConnectedClients) + " of " + number(s.Info.MaxClients)
	return v
}

// silence returns why a Sentinel did not answer.
func silence(s *sentinel.Snapshot) string {
	err := s.Failed(sentinel.CommandMasters)
	return err.Reason.String() + ": " + err.Err.Error()
}
