package preflight_test

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestAnnouncedName: what the Sentinels make of a name where they have an address, or the reverse, depends on their settings.
func TestAnnouncedName(t *testing.T) {
	t.Parallel()
	const resolve, announce = "sentinel resolve-hostnames yes", "sentinel announce-hostnames yes"
	for _, test := range []struct {
		what        string
		host        string // of all
		sentinel    []string
		announced   string // by the master
		status      health.Status
		listed      int // in how many places the old master is after the failover
		foundAgain  int // and after a RESET
		replicaName string
	}{
		{"a name, neither", "", nil, "localhost", health.Unknown, 1, 0, ""},
		{"a name, resolved", "", []string{resolve}, "localhost", health.Unknown, 1, 1, ""},
		{"a name, both", "", []string{resolve, announce}, "localhost", health.Unknown, 2, 1, ""},
		{"a name, both, and it shows", "", []string{resolve, announce}, "localhost", health.Warning, 2, 1, "localhost"},
		{"an address", "localhost", nil, "127.0.0.1", health.Warning, 2, 1, ""},
		{"nothing", "localhost", nil, "", health.Warning, 2, 1, ""},
		{"in capitals", "localhost", nil, "LOCALHOST", health.Warning, 2, 1, ""},
		{"the name", "localhost", nil, "localhost", health.OK, 1, 1, ""},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sentineltest.Config{Replicas: 1, Host: test.host, NodeConf: []string{saves}, SentinelConf: test.sentinel})
			old, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
			if test.replicaName != "" {
				r.cli(heir, "CONFIG", "SET", "replica-announce-ip", test.replicaName)
				r.cli(old, "CLIENT", "KILL", "TYPE", "replica")
				for _, s := range r.Sentinels {
					r.cli(s.Node, "SENTINEL", "RESET", name)
				}
				sentineltest.WaitFor(t, "the name to be shown", func() bool {
					rows, err := r.Sentinels[2].Rows(t.Context(), "SENTINEL", "REPLICAS", name)
					return err == nil && len(rows) == 1 && rows[0].Get("ip") == test.replicaName && rows[0].Get("master-link-status") == "ok" && r.assess().Status == health.OK
				})
			}
			r.cli(old, "CONFIG", "SET", "replica-announce-ip", test.announced)
			switch test.status {
			case health.Warning:
				r.finds("announced_address", old, health.Warning, "as if it were two")
			case health.Unknown:
				for _, c := range r.assess().Checks {
					if is := c.Status == health.Unknown; is != (c.Check == "announced_address") || is && !strings.Contains(c.Reason, `replica-announce-ip "localhost"`) {
						t.Errorf("got %+v", c)
					}
				}
			default:
				if report := r.assess(); report.Status != health.OK {
					t.Errorf("got %+v", report)
				}
			}
			if !r.failover() {
				t.Error("the failover did not succeed")
			}
			sentineltest.WaitFor(t, "the old master to follow", func() bool {
				replica, up := linked(t.Context(), old)
				return replica && up
			})
			r.lists(test.listed)
			r.cli(r.Sentinels[0].Node, "SENTINEL", "RESET", name)
			r.lists(test.foundAgain)
		})
	}
}

// lists wants a Sentinel to list so many replicas, and to go on with it when it has heard from the master again.
func (r *rig) lists(want int) {
	r.t.Helper()
	is := func() bool {
		rows, err := r.Sentinels[0].Rows(r.t.Context(), "SENTINEL", "REPLICAS", name)
		return err == nil && len(rows) == want
	}
	sentineltest.WaitFor(r.t, fmt.Sprintf("%d replicas to be listed", want), is)
	last, heard := 0, 0
	sentineltest.WaitFor(r.t, "the Sentinel to hear from the master again", func() bool {
		row, err := r.Sentinels[0].Row(r.t.Context(), "SENTINEL", "MASTER", name)
		if err != nil {
			return false
		}
		age, err := strconv.Atoi(row.Get("info-refresh"))
		if err != nil {
			r.t.Fatal(err)
		}
		if age < last {
			heard++
		}
		last = age
		return heard > 2
	})
	if !is() {
		r.t.Errorf("it does not list %d any more", want)
	}
}

// TestMappedPort: the Sentinels have the master at a port that is passed on to it, and would find it as a replica at its own.
func TestMappedPort(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1, NodeConf: []string{saves}})
	old := r.Masters[0].Node
	proxy, err := sentineltest.NewProxy(old.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	host, port, err := net.SplitHostPort(proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Sentinels {
		r.cli(s.Node, "SENTINEL", "REMOVE", name)
	}
	for _, s := range r.Sentinels {
		r.cli(s.Node, "SENTINEL", "MONITOR", name, host, port, "2")
	}
	sentineltest.WaitFor(t, "all but the port to be clear", func() bool {
		report := r.assess()
		return len(report.Findings) == 1 && report.Findings[0].Check == "announced_address" && report.Status == health.Warning
	})
	if f := r.assess().Findings[0]; f.Node != proxy.Addr() || !strings.Contains(f.Message, "it says that its port is ") {
		t.Errorf("got %+v", f)
	}
	if !r.failover() {
		t.Error("the failover did not succeed")
	}
	sentineltest.WaitFor(t, "both addresses", func() bool {
		rows, err := r.Sentinels[0].Rows(t.Context(), "SENTINEL", "REPLICAS", name)
		return err == nil && len(rows) == 2
	})
}
