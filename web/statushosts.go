package web

import (
	"strings"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// mostHostsShown bounds the table of hosts: the worst come first.
const mostHostsShown = 20

// A statusHost is what would be left if a host stopped.
type statusHost struct {
	Host  string
	Badge badge
	Word  string
	Why   []string // of the masters that it matters to most
}

// statusHosts answers for the worst hosts, and counts the others. There is none where all is
// on one host, which says nothing that is not known.
func statusHosts(snapshots []*sentinel.Snapshot, hosts canstop.HostMap) (shown []statusHost, others int) {
	o, err := canstop.NewLayout(snapshots, hosts).Overview()
	if err != nil || len(o.Hosts) < 2 {
		return nil, 0
	}
	for i := range o.Hosts {
		a := &o.Hosts[i]
		if len(shown) == mostHostsShown {
			return shown, len(o.Hosts) - i
		}
		shown = append(shown, newStatusHost(a))
	}
	return shown, 0
}

func newStatusHost(a *canstop.Answer) statusHost {
	const most = 3
	h := statusHost{Host: strings.Join(a.Hosts, ", "), Badge: badgeOf(severityOf(a.Verdict)), Word: a.Verdict.String()}
	for _, m := range a.Masters {
		if m.Verdict == a.Verdict && len(h.Why) < most {
			h.Why = append(h.Why, m.Name+": "+m.Reason)
		}
	}
	return h
}

func severityOf(v canstop.Verdict) health.Status {
	switch v {
	case canstop.Yes:
		return health.OK
	case canstop.Degraded:
		return health.Warning
	case canstop.No:
		return health.Critical
	default:
		return health.Unknown
	}
}
