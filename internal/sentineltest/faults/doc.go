// Package faults makes, for real, what can go wrong with a deployment of
// Sentinels, and mends it again. One table of faults is there for all who have
// to show one: findings, metrics and alerts.
package faults
