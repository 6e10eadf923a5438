package sentineltest

import (
	"strings"
	"testing"
)

func TestSoundRows(t *testing.T) {
	t.Parallel()
	master := Row{{"ip", "::1"}, {"port", "1"}, {"runid", "a"}, {"flags", "master"}, {"role-reported", "master"}}
	replica := Row{
		{"runid", "b"}, {"flags", "slave"}, {"role-reported", "slave"},
		{"master-link-status", "ok"}, {"master-host", "::1"}, {"master-port", "1"},
	}
	peer := Row{{"runid", "c"}, {"flags", "sentinel"}}
	for _, tc := range []struct {
		name string
		err  error
		want string // part of the error, "" for none
	}{
		{"master", sound(master, "master"), ""},
		{"master down", sound(master.With("flags", "s_down,master"), "master"), "flags are s_down,master"},
		{"master never asked", sound(master.With("runid", ""), "master"), "run id"},
		{"master in the wrong role", sound(master.With("role-reported", "slave"), "master"), "reports role slave"},
		{"peer", sound(peer, "sentinel"), ""},
		{"peer unknown", sound(nil, "sentinel"), "not known"},
		{"peer down", sound(peer.With("flags", "s_down,sentinel"), "sentinel"), "flags are"},
		{"replica", soundReplica(replica, master), ""},
		{"replica unknown", soundReplica(nil, master), "not known"},
		{"replica without a link", soundReplica(replica.With("master-link-status", "err"), master), "link to the master is err"},
		{"replica of another master", soundReplica(replica.With("master-port", "2"), master), "replicates from [::1]:2"},
	} {
		switch {
		case tc.want == "" && tc.err != nil:
			t.Errorf("%s: %v", tc.name, tc.err)
		case tc.want != "" && (tc.err == nil || !strings.Contains(tc.err.Error(), tc.want)):
			t.Errorf("%s: got %v, want %q", tc.name, tc.err, tc.want)
		}
	}
}
