// Package sentinel asks one Redis or Valkey Sentinel what it knows.
//
// A [Client] talks to one Sentinel over one kept connection. What it says at one
// moment is a [Snapshot]: typed where it enters, so that nobody parses it again.
// The package knows nothing of the other Sentinels, of Prometheus or HTTP.
//
// Every fact about the protocol that the code relies on was seen on Redis
// 5.0 to 8.0 and Valkey 7.2 to 9.1, or read in their src/sentinel.c.
package sentinel
