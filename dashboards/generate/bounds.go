package main

// Thresholds of alerts that several panels show. A test compares them with the alerts.
const (
	lagBound         = 16 * 1024 * 1024
	connectionsBound = 0.9
)
