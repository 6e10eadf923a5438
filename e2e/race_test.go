//go:build race

package e2e_test

// underRace says that the race detector is on. It takes its time over memory: a
// buffer of 64 MiB cannot be copied within a tenth of a second then.
const underRace = true
