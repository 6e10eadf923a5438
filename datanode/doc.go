// Package datanode looks at one Redis or Valkey server that Sentinels monitor, with an account of its own. Look
// only reads: settings, users, connections and how long commands took. What it may not read it
// says so of, and returns the rest. What changes something is in fence.go.
package datanode
