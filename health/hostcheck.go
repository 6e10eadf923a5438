package health

import (
	"fmt"
	"strings"
)

// singlePointOfFailure finds hosts that must not be lost, though each process on them may:
// where one process is too much already, other checks say so. While the Sentinels still find each
// other nobody knows.
func singlePointOfFailure(m *masterModel) outcome {
	var o outcome
	if len(m.settled()) < len(m.Views) {
		return o
	}
	for _, h := range m.losses.Hosts {
		if !h.Together {
			continue
		}
		f := Finding{
			Severity: Warning,
			Message:  fmt.Sprintf("%s is a single point of failure: it holds %s; if it is lost as a whole, %s", h.Host, h.Holds, h.Reason),
			Look:     []string{onAll("can-stop", h.Host, m.Views)},
		}
		if len(h.FailOverTo) > 0 {
			f.Hint = "The cheapest remedy is a failover to " + strings.Join(h.FailOverTo, " or ") + ", after which each host can be lost."
			f.Commands = []string{failoverOn(m.Name, m.Views)}
		} else {
			f.Hint = "The cheapest remedy: " + strings.Join(h.Remedies, "; ") + "."
		}
		o.add(f, m.Views...)
	}
	return o
}
