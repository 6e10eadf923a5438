package collector

import "redis_sentinel_exporter/sentinel"

// otherEvent counts the events whose names are not known.
const otherEvent = "other"

// startsAtZero reports whether the series of an event exists before the first such event.
// That holds for the events that alerts use: increase() does not see the first event if
// the series begins with it.
func startsAtZero(event string, aboutMaster bool) bool {
	switch event {
	case sentinel.EventTilt, sentinel.EventTiltEnd, sentinel.EventScriptError, sentinel.EventScriptTimeout:
		return !aboutMaster
	case sentinel.EventSwitchMaster, sentinel.EventSDown, sentinel.EventSDownEnd, sentinel.EventODown,
		sentinel.EventODownEnd, sentinel.EventTryFailover, sentinel.EventFailoverEnd,
		sentinel.EventAbortNotElected, sentinel.EventAbortNoGoodSlave, sentinel.EventAbortSlaveTimeout:
		return aboutMaster
	}
	return false
}
