//go:build !race

package e2e

// underRace says that the race detector is off.
const underRace = false
