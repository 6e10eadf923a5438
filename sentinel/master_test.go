package sentinel

import (
	"strings"
	"testing"
)

// row reads one entry of a reply, with some of its text replaced.
func row[T any](t *testing.T, read func(*reply, *T) error, pairs string, change ...string) *T {
	t.Helper()
	var entry T
	r := reply{rest: wire(flat(strings.NewReplacer(change...).Replace(pairs)))}
	if err := read(&r, &entry); err != nil {
		t.Fatal(err)
	}
	return &entry
}

func TestUnpromotable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		master  []string // what to replace in a healthy master's fields
		replica []string
		want    string
	}{
		{"healthy", nil, nil, ""},
		{"s_down", nil, []string{"flags=slave", "flags=s_down,slave"}, "it is down"},
		{"disconnected", nil, []string{"flags=slave", "flags=slave,disconnected"}, "no connection"},
		{"silent for 5 s", nil, []string{"last-ok-ping-reply=880", "last-ok-ping-reply=5000"}, ""},
		{"silent for longer", nil, []string{"last-ok-ping-reply=880", "last-ok-ping-reply=5001"}, "PING is 5.001s old"},
		{"priority 0", nil, []string{"slave-priority=100", "slave-priority=0"}, "priority is 0"},
		{"never heard of", nil, []string{"info-refresh=9660", "info-refresh=0", "runid=607db6430f945993212be6ef7c973aecdd0c5968", "runid="}, "no INFO"},
		{"INFO just now", nil, []string{"info-refresh=9660", "info-refresh=0"}, ""},
		{"INFO 30 s old", nil, []string{"info-refresh=9660", "info-refresh=30000"}, ""},
		{"INFO older", nil, []string{"info-refresh=9660", "info-refresh=30001"}, "INFO is 30.001s old"},
		{"INFO 5 s old, master down", []string{"flags=master", "flags=s_down,master s-down-time=1"}, []string{"info-refresh=9660", "info-refresh=5000"}, ""},
		{"INFO older, master down", []string{"flags=master", "flags=s_down,master s-down-time=1"}, []string{"info-refresh=9660", "info-refresh=5001"}, "INFO is"},
		{"link down for ten times down-after", nil, []string{"link-down-time=0", "link-down-time=30000"}, ""},
		{"link down for longer", nil, []string{"link-down-time=0", "link-down-time=30001"}, "down for 30.001s"},
		{"link down as long as the master and ten times down-after", []string{"flags=master", "flags=s_down,master s-down-time=7000"},
			[]string{"link-down-time=0", "link-down-time=37000", "info-refresh=9660", "info-refresh=100"}, ""},
		{"link never up", nil, []string{"link-down-time=0", "link-down-time=-1000"}, ""},
		{"link never up before 6.2", nil, []string{"link-down-time=0", "link-down-time=1700000000000"}, "never up"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := row(t, readMaster, healthyMaster, test.master...)
			r := row(t, readReplica, healthyReplica, test.replica...)
			got := m.Unpromotable(r)
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			m.Replicas, m.NumReplicas = []Replica{*r}, Some[int64](1)
			if n := m.PromotableReplicas(); (n.Value == 1) != (test.want == "") {
				t.Errorf("%v are promotable", n)
			}
		})
	}
}

// TestHiddenReplicas: of those that are not announced nothing is known.
func TestHiddenReplicas(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		total   string // num-slaves
		replica []string
		want    Number
	}{
		{"the one is well", "1", nil, Some[int64](1)},
		{"the one is down", "1", []string{"flags=slave", "flags=s_down,slave"}, Some[int64](0)},
		{"one is well, one hidden", "2", nil, Some[int64](1)},
		{"one is down, one hidden", "2", []string{"flags=slave", "flags=s_down,slave"}, Number{}},
	} {
		m := row(t, readMaster, healthyMaster, "num-slaves=2", "num-slaves="+test.total)
		m.Replicas = []Replica{*row(t, readReplica, healthyReplica, test.replica...)}
		if got := m.PromotableReplicas(); got != test.want {
			t.Errorf("%s: %v are promotable, want %v", test.name, got, test.want)
		}
	}
}

func TestAdvertised(t *testing.T) {
	t.Parallel()
	const old, promoted = "127.0.0.1:17000", "127.0.0.1:17001"
	tests := []struct {
		state, flags, replica, want string
	}{
		{"reconf_slaves", "failover_in_progress", "slave,promoted", promoted},
		{"update_config", "failover_in_progress", "slave,promoted", promoted},
		{"wait_promotion", "failover_in_progress", "slave,promoted", old},
		{"reconf_slaves", "failover_in_progress", "slave", old},
		{"none", "", "slave", old},
	}
	for _, test := range tests {
		m := row(t, readMaster, healthyMaster, "flags=master", "failover-state="+test.state+" flags=master,"+test.flags)
		m.Replicas = []Replica{*row(t, readReplica, healthyReplica, "flags=slave", "flags="+test.replica)}
		if got := m.Advertised(); got != test.want {
			t.Errorf("%+v: advertises %s", test, got)
		}
	}
}

func TestQuorumArithmetic(t *testing.T) {
	t.Parallel()
	tests := []struct{ others, quorum, usable, majority, margin int64 }{
		{2, 2, 3, 2, 1}, {2, 2, 2, 2, 0}, {2, 2, 1, 2, -1}, {2, 3, 3, 2, 0}, {3, 2, 4, 3, 1}, {4, 2, 5, 3, 2}, {0, 1, 1, 1, 0},
	}
	for _, test := range tests {
		m := Master{NumOtherSentinels: Some(test.others), Quorum: Some(test.quorum), CKQuorum: &CKQuorum{Usable: test.usable}}
		if m.Voters() != Some(test.others+1) || m.Majority() != Some(test.majority) || m.Margin() != Some(test.margin) {
			t.Errorf("%+v: voters %v, majority %v, margin %v", test, m.Voters(), m.Majority(), m.Margin())
		}
	}
	if (&Master{}).Margin().Present || (&Master{}).Majority().Present || (&Master{ReplicasErr: errMalformed}).PromotableReplicas().Present {
		t.Error("something is made of nothing")
	}
}
