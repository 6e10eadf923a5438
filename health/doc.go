// Package health says whether a deployment of Sentinels is well, and if not,
// what is wrong and what to do.
//
// [Assess] is a function of one set of snapshots: it keeps nothing from one call
// to the next. Every check is one function and one entry of a table, from which
// the documentation and the labels of the metrics are made as well.
//
// What is normal for some seconds after a start, a RESET or a failover is told
// from a fault by the ages that Sentinel itself reports.
package health
