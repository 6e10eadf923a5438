// Package admin changes a deployment: it fails masters over, and resets, changes, adds and
// removes them on every Sentinel. A command of Sentinel itself acts on one Sentinel only.
//
// Each operation first looks at the state of the deployment, and refuses to do harm. Then it
// changes one Sentinel after the other, reads the result back, and reports it for each.
// Repeating an operation completes what was missing.
package admin
