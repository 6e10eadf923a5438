package collector

import (
	"fmt"
	"time"

	dto "github.com/prometheus/client_model/go"
)

const sectionEvents = "From the event streams (`--no-collector.events`)"

// eventRows are the rows that Events has at one moment.
type eventRows struct {
	counts    []eventRow
	streams   []streamRow
	failovers []failoverRow
	switches  []switchRow
	old       []oldMasterRow
}

// eventTables returns the tables of the event streams.
func eventTables() []anyTable {
	return []anyTable{
		anyTableOf(eventTable()),
		anyTableOf(streamTable()),
		failoverTable(),
		anyTableOf(switchTable()),
		anyTableOf(oldMasterTable()),
	}
}

type eventRow struct {
	source
	event string
	count uint64
}

func eventTable() table[eventRow] {
	return table[eventRow]{
		section: sectionEvents,
		labels: []label[eventRow]{
			{labelSentinel, func(r *eventRow) string { return r.sentinel }},
			{labelMaster, func(r *eventRow) string { return r.master }},
			{"event", func(r *eventRow) string { return r.event }},
		},
		rows: func(v *input) []eventRow { return v.events.counts },
		metrics: []metric[eventRow]{{
			name: "events_total",
			help: "Events that the Sentinel published since the exporter started, as far as they were received. " +
				"event is as Sentinel names it, such as +switch-master, or other for a name that the exporter does not know; those about replicas and Sentinels count for their master. " +
				"master_name is empty where an event has none, and " +
				fmt.Sprintf("for masters beyond the first %d. A master that no Sentinel monitors is forgotten after %d minutes, a Sentinel that is no longer asked at once. ", maxEventMasters, int(forgetAfter.Minutes())) +
				"Do not derive a state from them: a switch ends +odown without -odown.",
			kind:  counter,
			ours:  true,
			value: func(r *eventRow) (float64, bool) { return float64(r.count), true },
		}},
	}
}

type streamRow struct {
	sentinel string
	up       bool
	losses   uint64
}

func streamTable() table[streamRow] {
	return table[streamRow]{
		section: sectionEvents,
		labels:  []label[streamRow]{{labelSentinel, func(r *streamRow) string { return r.sentinel }}},
		rows:    func(v *input) []streamRow { return v.events.streams },
		metrics: []metric[streamRow]{
			{
				name:  "event_stream_up",
				help:  "1 while the exporter is subscribed to the Sentinel's events.",
				value: func(r *streamRow) (float64, bool) { return truth(r.up) },
			},
			{
				name:  "event_stream_losses_total",
				help:  "Number of times that the subscription broke, or that events came faster than they could be counted: gaps in which events may be missing.",
				kind:  counter,
				ours:  true,
				value: func(r *streamRow) (float64, bool) { return float64(r.losses), true },
			},
		},
	}
}

// A failoverRow has the durations of a master's failovers with one result.
type failoverRow struct {
	durationKey
	durations *dto.Histogram
}

func failoverTable() anyTable {
	return &histogramTable[failoverRow]{
		section: sectionEvents,
		name:    "failover_duration_seconds",
		help: "Duration in seconds of the master's failovers, each counted once for all Sentinels, from +try-failover of the Sentinel that leads it to its switch to the new master, which follows +failover-end at once (ended), or to -failover-abort-* (aborted). " +
			"A failover that was seen only in part is left out. Masters are limited as in events_total.",
		labels: labelSetOf([]label[failoverRow]{
			{labelMaster, func(r *failoverRow) string { return r.master }},
			{"result", func(r *failoverRow) string { return r.result }},
		}),
		rows:      func(v *input) []failoverRow { return v.events.failovers },
		histogram: func(r *failoverRow) *dto.Histogram { return r.durations },
	}
}

type switchRow struct {
	master string
	at     time.Time
}

func switchTable() table[switchRow] {
	return table[switchRow]{
		section: sectionEvents,
		labels:  []label[switchRow]{{labelMaster, func(r *switchRow) string { return r.master }}},
		rows:    func(v *input) []switchRow { return v.events.switches },
		metrics: []metric[switchRow]{{
			name:  "last_switch_timestamp_seconds",
			help:  "Unix time at which a Sentinel first published the master's last switch to another address, which has happened: one of them has the master there. Absent until the exporter has seen one.",
			value: func(r *switchRow) (float64, bool) { return float64(r.at.UnixMilli()) / 1000, true },
		}},
	}
}

type oldMasterRow struct {
	master  string
	seconds float64
}

func oldMasterTable() table[oldMasterRow] {
	return table[oldMasterRow]{
		section: sectionEvents,
		labels:  []label[oldMasterRow]{{labelMaster, func(r *oldMasterRow) string { return r.master }}},
		rows:    func(v *input) []oldMasterRow { return v.events.old },
		metrics: []metric[oldMasterRow]{{
			name: "deployment_old_master_writable_seconds_total",
			help: "Seconds for which a node beside the master was one as well, and took writes, which are lost: an old master after a failover by hand, and one that has come back. " +
				"From when a Sentinel hears of it until one makes it a replica again, usually 10 s; added when that is over. What was seen only in part is left out. Masters are limited as in events_total. Absent until it has happened.",
			kind:  counter,
			ours:  true,
			value: func(r *oldMasterRow) (float64, bool) { return r.seconds, r.seconds > 0 },
		}},
	}
}
