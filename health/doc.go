// Package health reports whether a deployment of Sentinels is healthy, and if not, what is
// wrong and what to do.
//
// [Assess] is a function of one set of snapshots: it keeps nothing from one call
// to the next. Every check is one function and one entry of a table, from which
// the documentation and the labels of the metrics are made as well.
//
// Sentinel reports how old each of its observations is. By these ages the checks
// distinguish faults from what is normal for some seconds after a start, a RESET or a
// failover.
package health
