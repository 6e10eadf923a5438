// Package preflight says whether the next failover of a master would really work: it looks for what no
// Sentinel's flags show. It asks the data nodes, if there is an account for that, and only reads. What
// it could not look at is unknown; it finds nothing that it has not seen.
package preflight
