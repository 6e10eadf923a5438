package sentinel

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	masterText   = "master mymaster 127.0.0.1 17000"
	replicaText  = "slave 127.0.0.1:17001 127.0.0.1 17001 @ mymaster 127.0.0.1 17000"
	sentinelText = "sentinel a299190e21d5a431b39730adddc13a1173f866db 127.0.0.1 17011 @ mymaster 127.0.0.1 17000"
)

func aboutMaster(details string) Event {
	return Event{
		Master: "mymaster", Kind: "master", Node: "mymaster", Address: "127.0.0.1:17000",
		MasterAddress: "127.0.0.1:17000", Details: details,
	}
}

func aboutReplica(details string) Event {
	return Event{
		Master: "mymaster", Kind: "slave", Node: "127.0.0.1:17001", Address: "127.0.0.1:17001",
		MasterAddress: "127.0.0.1:17000", Details: details,
	}
}

func aboutSentinel(details string) Event {
	return Event{
		Master: "mymaster", Kind: "sentinel", Node: "a299190e21d5a431b39730adddc13a1173f866db", Address: "127.0.0.1:17011",
		MasterAddress: "127.0.0.1:17000", Details: details,
	}
}

// payloads has one of every event in the table.
func payloads() map[string]struct {
	payload string
	want    Event
} {
	type row = struct {
		payload string
		want    Event
	}
	rows := map[string]row{
		"+monitor":                 {masterText + " quorum 2", aboutMaster("quorum 2")},
		"+set":                     {masterText + " quorum 3", aboutMaster("quorum 3")},
		"+odown":                   {masterText + " #quorum 3/2", aboutMaster("#quorum 3/2")},
		"+role-change":             {replicaText + " new reported role is slave", aboutReplica("new reported role is slave")},
		"-role-change":             {masterText + " new reported role is slave", aboutMaster("new reported role is slave")},
		"+sentinel-address-switch": {masterText + " ip ::1 port 17012 for a299190e21d5", aboutMaster("ip ::1 port 17012 for a299190e21d5")},
		"+sentinel-address-update": {sentinelText + " 2 additional matching instances", aboutSentinel("2 additional matching instances")},
		"-dup-sentinel":            {masterText + " #duplicate of 127.0.0.1:17011 or a299", aboutMaster("#duplicate of 127.0.0.1:17011 or a299")},
		"+new-epoch":               {"17", Event{Epoch: Some[int64](17), Details: "17"}},
		"+vote-for-leader":         {"a299190e21d5a431 17", Event{Epoch: Some[int64](17), Details: "a299190e21d5a431 17"}},
		"+switch-master": {"mymaster 127.0.0.1 17000 ::1 17001", Event{
			Master: "mymaster", Kind: "master", Node: "mymaster", Address: "[::1]:17001",
			MasterAddress: "127.0.0.1:17000", NewAddress: "[::1]:17001",
		}},
		"+tilt":           {"#tilt mode entered", Event{Details: "#tilt mode entered"}},
		"-tilt":           {"#tilt mode exited", Event{Details: "#tilt mode exited"}},
		"-script-error":   {"/notify.sh 0 1", Event{Details: "/notify.sh 0 1"}},
		"-script-timeout": {"/notify.sh 123", Event{Details: "/notify.sh 123"}},
	}
	for name := range strings.FieldsSeq(`-monitor +reset-master +try-failover +elected-leader +failover-state-select-slave
		+failover-state-reconf-slaves +failover-end-for-timeout +failover-end -failover-abort-not-elected
		-failover-abort-no-good-slave -failover-abort-slave-timeout -failover-abort-master-timeout -odown +reboot`) {
		rows[name] = row{masterText, aboutMaster("")}
	}
	for name := range strings.FieldsSeq(`+slave +selected-slave +failover-state-send-slaveof-noone +failover-state-wait-promotion
		+promoted-slave +slave-reconf-sent +slave-reconf-inprog +slave-reconf-done +slave-reconf-sent-be -slave-reconf-sent-timeout
		+convert-to-slave +fix-slave-config -sdown`) {
		rows[name] = row{replicaText, aboutReplica("")}
	}
	for _, name := range []string{"+sentinel", "+sentinel-invalid-addr", "+config-update-from", "+sdown"} {
		rows[name] = row{sentinelText, aboutSentinel("")}
	}
	return rows
}

// TestEveryEventIsParsed: those of the table, all of them and no others.
func TestEveryEventIsParsed(t *testing.T) {
	t.Parallel()
	rows := payloads()
	for _, name := range EventNames() {
		row, there := rows[name]
		if !there {
			t.Errorf("%s has no payload to be tested with", name)
			continue
		}
		row.want.Name, row.want.Raw = name, row.payload
		if diff := cmp.Diff(row.want, ParseEvent(name, row.payload)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		delete(rows, name)
	}
	for name := range rows {
		t.Errorf("%s is not in the table", name)
	}
}

// TestStrangeEvents: names that Sentinel allows, and payloads that it does not
// send.
func TestStrangeEvents(t *testing.T) {
	t.Parallel()
	type e = Event
	tests := []struct {
		name, channel, payload string
		want                   Event
	}{
		{"a name with blanks", "+sdown", "master my  own master 10.0.0.1 6379", e{Master: "my  own master", MasterAddress: "10.0.0.1:6379"}},
		{"that looks like an address", "+odown", "master x 1.2.3.4 5 10.0.0.1 6379 #quorum 2/2", e{Master: "x 1.2.3.4 5", MasterAddress: "10.0.0.1:6379", Details: "#quorum 2/2"}},
		{"of a replica's master", "+sdown", "slave [::1]:1 ::1 1 @ my @ master ::1 2", e{Master: "my @ master", Address: "[::1]:1", MasterAddress: "[::1]:2"}},
		{"in a switch", "+switch-master", "my master 10.0.0.1 1 host.example 2", e{Master: "my master", MasterAddress: "10.0.0.1:1", NewAddress: "host.example:2"}},
		{"an empty name", "+sdown", "master  10.0.0.1 6379", e{MasterAddress: "10.0.0.1:6379"}},
		{"invalid UTF-8", "+sdown", "master \xff\xfe 10.0.0.1 6379", e{Master: "\xff\xfe", MasterAddress: "10.0.0.1:6379"}},
		{"blanks in name and value", "+set", "master my master 10.0.0.1 6379 notification-script /a b/c", e{Master: "my master", MasterAddress: "10.0.0.1:6379", Details: "notification-script /a b/c"}},
		{"two values", "+set", masterText + " rename-command CONFIG x", e{Master: "mymaster", MasterAddress: "127.0.0.1:17000", Details: "rename-command CONFIG x"}},
		{"an option in capitals", "+set", "master my 10.0.0.1 1 10.0.0.1 6379 CLIENT-RECONFIG-SCRIPT /a b", e{Master: "my 10.0.0.1 1", MasterAddress: "10.0.0.1:6379", Details: "CLIENT-RECONFIG-SCRIPT /a b"}},
		{"an unknown option", "+set", masterText + " new-option 3", e{Master: "mymaster", MasterAddress: "127.0.0.1:17000", Details: "new-option 3"}},
		{"an unknown event", "+next-decade", masterText, e{Details: masterText}},
		{"a port that is none", "+sdown", "master mymaster 127.0.0.1 65536", e{Details: "master mymaster 127.0.0.1 65536"}},
		{"cut off", "+sdown", "slave 127.0.0.1:17001 127.0.0.1 17001 @ mymas", e{Details: "slave 127.0.0.1:17001 127.0.0.1 17001 @ mymas"}},
		{"an epoch that is none", "+new-epoch", "soon", e{Details: "soon"}},
		{"nothing", "+switch-master", "", e{}},
	}
	for _, test := range tests {
		got := ParseEvent(test.channel, test.payload)
		if got.Name != test.channel || got.Raw != test.payload {
			t.Errorf("%s: it came as %q %q", test.name, got.Name, got.Raw)
		}
		got = e{Master: got.Master, Address: got.Address, MasterAddress: got.MasterAddress, NewAddress: got.NewAddress, Details: got.Details}
		if test.want.Address == "" {
			got.Address = ""
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestEventsHoldNoPassword: before 6.2.8 a Sentinel published what SENTINEL SET
// was told, as it was typed.
func TestEventsHoldNoPassword(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		masterText + " auth-pass hush hush", masterText + " AUTH-PASS hush", masterText + " Auth-Pass hush hush",
		"garbled auth-pass hush", "garbled AUTH-PASS hush", " auth-pass hush", " auth-pass ",
	} {
		e := ParseEvent("+set", payload)
		if strings.Contains(e.Raw+e.Details, "hush") || !strings.Contains(strings.ToLower(e.Details), "auth-pass ******") {
			t.Errorf("%q became %q, %q", payload, e.Raw, e.Details)
		}
	}
}

func FuzzEvents(f *testing.F) {
	for name, row := range payloads() {
		f.Add(name, row.payload)
	}
	f.Add("+sdown", "master my  own master 10.0.0.1 6379")
	f.Add("+set", "master x 1.2.3.4 5 quorum 1 auth-pass hush")
	f.Add("+unheard-of", "\xff\x00")

	f.Fuzz(func(t *testing.T, channel, payload string) {
		e := ParseEvent(channel, payload)
		if e.Name != channel || channel != eventSet && e.Raw != payload {
			t.Errorf("%q %q came as %q %q", channel, payload, e.Name, e.Raw)
		}
		if !strings.Contains(e.Raw, e.Master) || !strings.Contains(e.Raw, e.Details) {
			t.Errorf("%q has not %q and %q in it", e.Raw, e.Master, e.Details)
		}
		if e.Address == "" && e.Master != "" || e.NewAddress != "" && e.Name != EventSwitchMaster {
			t.Errorf("half an event: %+v", e)
		}
	})
}
