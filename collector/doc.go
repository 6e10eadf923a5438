// Package collector turns snapshots of Sentinels into metrics.
//
// Every metric is one entry of a table: its name, its help and a function that
// reads its value from a row. A row is a Sentinel, a master, a replica, a peer, and so on.
// A value that is not known has no sample.
//
// The text is written straight from the tables, without a registry: with many masters
// the checks and sorts of a registry cost more than the rest of a scrape. What it would
// check is guaranteed here: families and rows are sorted, no row comes twice, and label
// values are valid UTF-8.
//
// A metric that has mostly nothing to say is quiet: it has no sample then. What each family
// costs in health, and who needs it, is kept by a test (budget_test.go).
package collector
