package collector

import "redis_sentinel_exporter/sentinel"

// otherEvent counts the events whose names are not known.
const otherEvent = "other"

// startsAtZero reports whether an event's series is there before the event is: of
// those that alerts are about, since an increase from 0 shows only where the 0 was.
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
