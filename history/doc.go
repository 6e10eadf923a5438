// Package history turns what the Sentinels of one deployment publish into failovers: one
// [Record] a failover, whoever published what.
//
// A [History] is told every update of the event streams (Handle) and the snapshots
// (Observe). It knows nothing of metrics, HTTP and flags. What no event has named stays
// empty; what follows from something else than an event is listed as inferred; a time in
// which a stream was down is a gap.
package history
