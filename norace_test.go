//go:build !race

package main

// underRace says that the race detector is off.
const underRace = false
