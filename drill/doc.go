// Package drill rehearses a failover of a master: it writes to it all the while, as a client would, and counts
// what was lost and how long nothing could be written. In the end nothing of it is left.
package drill
