package main

// Bounds of the alerts that more than one panel has. A test compares them with
// the alerts.
const (
	lagBound         = 16 * 1024 * 1024
	connectionsBound = 0.9
)
