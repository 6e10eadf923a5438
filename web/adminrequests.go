package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"redis_sentinel_exporter/admin"
)

// The results of a call to the admin listener, for the label result.
const (
	resultOK                = "ok"                 // all Sentinels did it
	resultPartial           = "partial"            // some did
	resultFailed            = "failed"             // none did
	resultDryRun            = "dry_run"            // nothing was sent, as asked
	resultGuarded           = "guarded"            // it would have done harm
	resultBusy              = "busy"               // another operation on the master is under way
	resultUnknown           = "unknown_master"     // no Sentinel monitors it
	resultUnknownDeployment = "unknown_deployment" // there is none of that name
	resultInvalid           = "invalid"            // the request makes no sense
	resultForbidden         = "forbidden"          // cross-site, or not authenticated any more
)

func results() []string {
	return []string{
		resultOK, resultPartial, resultFailed, resultDryRun, resultGuarded, resultBusy, resultUnknown, resultUnknownDeployment, resultInvalid, resultForbidden,
	}
}

// AdminRequests counts the calls to the admin listener.
type AdminRequests struct{ counter *prometheus.CounterVec }

// NewAdminRequests returns a counter with all series at 0.
func NewAdminRequests() *AdminRequests {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: name + "_admin_requests_total",
		Help: "Calls to the admin listener by what was asked for and how it came out.",
	}, []string{"action", "result"})
	for _, action := range admin.Actions() {
		for _, result := range results() {
			c.WithLabelValues(string(action), result)
		}
	}
	return &AdminRequests{c}
}

func (n *AdminRequests) add(action admin.Action, result string) {
	n.counter.WithLabelValues(string(action), result).Inc()
}
