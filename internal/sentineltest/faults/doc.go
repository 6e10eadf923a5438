// Package faults causes real faults in a deployment of Sentinels, and repairs them. The tests
// of findings, metrics and alerts share one table of faults.
package faults
