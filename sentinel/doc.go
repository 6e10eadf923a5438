// Package sentinel asks one Redis or Valkey Sentinel what it knows.
//
// A [Client] talks to one Sentinel over one kept connection. A [Snapshot] holds all that the
// Sentinel knows at one moment, parsed and typed. The package does not deal with several
// Sentinels, Prometheus or HTTP.
//
// Every fact about the protocol that the code relies on was seen on Redis
// 5.0 to 8.0 and Valkey 7.2 to 9.1, or read in their src/sentinel.c.
package sentinel
