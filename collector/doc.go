// Package collector turns what the Sentinels said into metrics.
//
// Every metric is one entry of a table: its name, its help and a function that
// reads its value from a row, be that a Sentinel, a master, a replica or another
// Sentinel. A value that is not known gives no sample.
//
// The text is written straight from the tables, without a registry: with many
// masters its checks and sorts cost more than all the rest of a scrape. What it
// would check holds by construction: families and rows are sorted, no row comes
// twice, and label values are valid UTF-8.
package collector
