// Package admin changes a deployment: it fails masters over, and resets, sets,
// adds and removes them on every Sentinel, which Sentinel itself does on one only.
//
// Each operation looks first at what the Sentinels say, refuses what would do
// harm, does its work one Sentinel after the other, reads back what has come of
// it, and says so for each of them. Doing it again completes what was missing.
package admin
