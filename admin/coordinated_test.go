package admin_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestCoordinatedFailover: where the Sentinels can, the master hands over; elsewhere it is refused
// with the reason.
func TestCoordinatedFailover(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1})
	version, err := sentineltest.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	op := admin.Operation{Action: admin.Failover, Master: name, Way: admin.Coordinated}
	if version.Product != "valkey" || version.Major < 9 {
		_, err := r.operator.Do(t.Context(), op, nil)
		if guarded, ok := errors.AsType[*admin.GuardedError](err); !ok || !contains(guarded.Error(), "only Valkey from 9.0 on does") {
			t.Errorf("got the error %v", err)
		}
		r.shows(name, "config-epoch", "0")
		return
	}
	old, heir := r.Masters[0].Node, r.Masters[0].Replicas[0]
	r.cli(old, "SET", "kept", "x")
	answer := r.do(op, nil)
	r.want(answer, admin.Done, true)
	if answer.Address != heir.Addr() || !strings.HasPrefix(r.cli(old, "ROLE"), "slave") || r.cli(heir, "GET", "kept") != "x" {
		t.Errorf("after it: %s", inJSON(t, answer))
	}
	if !contains(answer.Loss.Risk, "No acknowledged write is lost") || !contains(answer.Loss.Outcome, "handed over") || answer.Loss.OldMasterSeconds == nil {
		t.Errorf("it says %s", inJSON(t, answer.Loss))
	}
	if !contains(answer.Results[0].Commands[0], "COORDINATED") || len(answer.Findings) != 0 {
		t.Errorf("got %s", inJSON(t, answer))
	}
}

// TestCoordinatedVersions: what the Sentinels and the master are decides, whatever server runs the tests.
func TestCoordinatedVersions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ sentinel, master, refusal string }{
		{"redis_version:8.6.3", "redis_version:8.6.3", "it is redis 8.6.3, and only Valkey from 9.0 on does"},
		{"redis_version:7.2.4\r\nvalkey_version:8.1.1", "redis_version:8.6.3", "it is valkey 8.1.1"},
		{"redis_version:7.2.4\r\nvalkey_version:9.0.0", "redis_version:8.6.3", "9.0.1 has it"},
		{"redis_version:7.2.4\r\nvalkey_version:9.1.0", "redis_version:8.6.3", "9.1.1 does not"},
		{"redis_version:7.2.4\r\nvalkey_version:9.0.1", "redis_version:7.2.4\r\nvalkey_version:9.1.0", "cannot hand over: Valkey 9.1.0"},
		{"redis_version:7.2.4\r\nvalkey_version:9.0.1", "redis_version:7.0.15", ""},
		{"redis_version:7.2.4\r\nvalkey_version:9.1.1", "redis_version:7.2.4\r\nvalkey_version:9.1.2", ""},
		{"redis_version:7.2.4\r\nvalkey_version:10.0.0", "redis_version:7.2.4\r\nvalkey_version:10.0.0", ""},
	} {
		fake, err := sentineltest.NewFake(sentineltest.FakeConfig{Replicas: 1, Info: "run_id:x\r\n" + test.sentinel + "\r\n"})
		if err != nil {
			t.Fatal(err)
		}
		defer fake.Close()
		var runID string
		for _, s := range deploymentOf(t, []string{fake.Addr()}).Snapshots(t.Context()) {
			runID = s.Masters[0].RunID
		}
		info := test.master + "\r\nrun_id:" + runID + "\r\nrole:master\r\n"
		fake.Reply("SENTINEL INFO-CACHE", fmt.Appendf(nil, "*2\r\n$%d\r\n%s\r\n*1\r\n*2\r\n:100\r\n$%d\r\n%s\r\n", len(name), name, len(info), info))
		op := admin.Operation{Action: admin.Failover, Master: name, Way: admin.Coordinated, DryRun: true}
		_, err = admin.New(deploymentOf(t, []string{fake.Addr()}), time.Second).Do(t.Context(), op, nil)
		if test.refusal == "" && err != nil || test.refusal != "" && (err == nil || !contains(err.Error(), test.refusal)) {
			t.Errorf("Sentinel %q, master %q: got the error %v, want %q", test.sentinel, test.master, err, test.refusal)
		}
	}
}

// TestMonitorReplica: the Sentinels would take a replica for a master, and lose it.
func TestMonitorReplica(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Replicas: 1})
	replica := r.Masters[0].Replicas[0]
	answer := r.do(admin.Operation{Action: admin.Remove, Master: name}, nil)
	r.want(answer, admin.Done, true, true, true)
	if got := inJSON(t, answer.Findings); !contains(got, "clients_notice", "no +switch-master", "cannot find it until the Sentinels monitor the name again") {
		t.Errorf("REMOVE: got the findings %s", got)
	}
	r.operator = admin.New(r.deployment, 2*time.Second) // one that does not know where the name was
	answer = r.do(admin.Operation{Action: admin.Monitor, Master: name, Address: replica.Addr(), Quorum: 2}, nil)
	r.want(answer, admin.Failed, false, false, false)
	if !contains(answer.Results[0].Error, replica.Addr()+" is a replica") {
		t.Errorf("got %s", inJSON(t, answer))
	}
	r.shows(name, "ip", "")
	answer = r.do(admin.Operation{Action: admin.Monitor, Master: name, Address: r.Masters[0].Node.Addr(), Quorum: 2}, nil)
	r.want(answer, admin.Done, true, true, true)
}

// quotes reports whether a Sentinel writes all values to its file in a way that it can read again.
func quotes(t *testing.T, v sentineltest.Version) bool {
	t.Helper()
	is, first := make([]int, 3), []int{8, 6, 4}
	if _, err := fmt.Sscanf(v.Text, "%d.%d.%d", &is[0], &is[1], &is[2]); err != nil {
		t.Fatal(err)
	}
	if v.Product == "valkey" {
		first = []int{9, 1, 1}
	}
	return slices.Compare(is, first) >= 0
}

// TestQuotedValues: blanks and quotes in a password where the Sentinels write it safely. The master lets in only who has it: a
// Sentinel that was started again, and again when it had written its file anew, still does. Elsewhere it is refused, and a
// Sentinel that is sent it all the same does not start again, or has another one.
func TestQuotedValues(t *testing.T) {
	t.Parallel()
	version, err := sentineltest.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for what, password := range map[string]string{
		"a blank":           "canary a",
		"both quotes":       `canary "a b' c`,
		"blanks around":     " canary ",
		"a quoted one":      `"canary"`,
		"a quote alone":     "'",
		"a blank and bytes": "canary \\x41 \\ ä",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None, Quorum: 1})
			s := r.Sentinels[0]
			op := admin.Operation{Action: admin.Set, Master: name, Settings: set("auth-pass", password)}
			if !quotes(t, version) {
				_, err := r.operator.Do(t.Context(), op, nil)
				if _, ok := errors.AsType[*admin.InvalidError](err); !ok || !contains(err.Error(), "as it is") || strings.Contains(err.Error(), "canary") {
					t.Errorf("got the error %v", err)
				}
				r.cli(s.Node, "SENTINEL", "SET", name, "auth-pass", password)
				r.cli(r.Masters[0].Node, "CONFIG", "SET", "requirepass", password)
				s.Kill()
				if err := s.Restart(t.Context()); err == nil { // it has read something else
					sentineltest.WaitFor(t, "the master to refuse it", func() bool {
						log, err := r.Masters[0].Node.CLI(t.Context(), "-a", password, "ACL", "LOG")
						return err == nil && strings.Contains(log, "AUTH")
					})
				}
				return
			}
			r.want(r.do(op, nil), admin.Done, true)
			r.cli(r.Masters[0].Node, "CONFIG", "SET", "requirepass", password)
			for _, quorum := range []string{"1", "2"} {
				s.Kill()
				if err := s.Restart(t.Context()); err != nil {
					t.Fatal(err)
				}
				sentineltest.WaitFor(t, "the master to let it in", func() bool {
					row := r.row(0, "SENTINEL", "MASTER", name)
					return row != nil && row.Get("flags") == "master" && row.Get("runid") != ""
				})
				r.cli(s.Node, "SENTINEL", "SET", name, "quorum", quorum)
			}
		})
	}
}

// TestPrimaryOption: Valkey's name of an option, where the Sentinels know it.
func TestPrimaryOption(t *testing.T) {
	t.Parallel()
	r := newRig(t, sentineltest.Config{Sentinels: 1, Replicas: sentineltest.None, Quorum: 1})
	version, err := sentineltest.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	op := admin.Operation{Action: admin.Set, Master: name, Settings: set("primary-reboot-down-after-period", 1000)}
	answer := r.do(op, nil)
	if known := version.Product == "valkey" && version.Major >= 8; known != (answer.Completion() == admin.Done) {
		t.Errorf("%v: got %s", version, inJSON(t, answer))
	}
	op.Settings = set("primary-reboot-down-after-period", 1, "master-reboot-down-after-period", 2)
	if _, err := r.operator.Do(t.Context(), op, nil); err == nil || !contains(err.Error(), "given twice") {
		t.Errorf("got the error %v", err)
	}
}
