package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/internal/sentineltest"
)

func sortedAddrs(nodes ...*sentineltest.Node) []string {
	addrs := make([]string, len(nodes))
	for i, n := range nodes {
		addrs[i] = n.Addr()
	}
	slices.Sort(addrs)
	return addrs
}

// The addresses are on stdout, one a line or as JSON.
func TestDiscoverCommand(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{})
	m := topology.Masters[0]
	sentinels := slices.Sorted(slices.Values(topology.SentinelAddrs()))
	all := "--sentinel.address=" + strings.Join(topology.SentinelAddrs(), ",")
	first := "--sentinel.address=" + topology.SentinelAddrs()[0]
	for _, tc := range []struct {
		args []string
		want []string
	}{
		{[]string{all, "discover", "master", "mymaster"}, sortedAddrs(m.Node)},
		{[]string{"discover", "master", "mymaster", all, "--min-other-sentinels=2"}, sortedAddrs(m.Node)},
		{[]string{all, "discover", "replicas", "mymaster"}, sortedAddrs(m.Replicas...)},
		{[]string{all, "discover", "sentinels", "mymaster"}, sentinels},
		{[]string{first, "discover", "sentinels", "mymaster"}, sentinels},
		{[]string{first, "--sentinel.discover-peers", "discover", "master", "mymaster"}, sortedAddrs(m.Node)},
	} {
		stdout, stderr, status := output(t, tc.args...)
		if status != 0 || stderr != "" || stdout != strings.Join(tc.want, "\n")+"\n" {
			t.Errorf("%v: got %d, %q, %q; want %q", tc.args, status, stdout, stderr, tc.want)
		}
		stdout, stderr, status = output(t, append(tc.args, "--output=json")...)
		var got struct {
			Master    string `json:"master_name"`
			Addresses []string
			Sentinel  string
		}
		if err := json.Unmarshal([]byte(stdout), &got); err != nil || status != 0 || stderr != "" || got.Master != "mymaster" {
			t.Errorf("%v --output=json: got %d, %v, %q, %q", tc.args, status, err, stdout, stderr)
		}
		if diff := cmp.Diff(tc.want, got.Addresses); diff != "" {
			t.Errorf("%v --output=json (-want +got):\n%s", tc.args, diff)
		}
	}
	for _, s := range topology.Sentinels[1:] {
		if err := s.Hang(); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	stdout, _, status := output(t, all, "discover", "master", "mymaster", "--sentinel.timeout=1s")
	if took := time.Since(start); status != 0 || stdout != m.Node.Addr()+"\n" || took > 5*time.Second {
		t.Errorf("two hung: got %d, %q after %s", status, stdout, took)
	}
}

// What was not found is one line on stderr and exit code 1.
func TestDiscoverCommandFindsNothing(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	silent := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	silent.Script("SENTINEL", sentineltest.Silent(nil))
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"unknown master", []string{"--sentinel.address=" + fake.Addr(), "discover", "master", "nosuch"}, "no such master"},
		{"unknown master of replicas", []string{"--sentinel.address=" + fake.Addr(), "discover", "replicas", "nosuch"}, "no such master"},
		{"unknown master of Sentinels", []string{"--sentinel.address=" + fake.Addr(), "discover", "sentinels", "nosuch"}, "no such master"},
		{"no replica", []string{"--sentinel.address=" + fake.Addr(), "discover", "replicas", "mymaster"}, "no usable replica"},
		{"too few others", []string{"--sentinel.address=" + fake.Addr(), "discover", "master", "mymaster", "--min-other-sentinels=1"}, "too few other"},
		{"nobody there", []string{"--sentinel.address=" + sentineltest.FreeAddr(t), "discover", "master", "mymaster"}, "connection refused"},
		{"nobody there for Sentinels", []string{"--sentinel.address=" + sentineltest.FreeAddr(t), "discover", "sentinels", "mymaster"}, "no Sentinel has answered"},
		{"silent", []string{"--sentinel.address=" + silent.Addr(), "--sentinel.timeout=200ms", "discover", "master", "mymaster"}, "deadline"},
		{"no name", []string{"discover", "master"}, "name"},
		{"nothing to find", []string{"discover"}, "subcommand"},
		{"something else to find", []string{"discover", "slaves", "mymaster"}, "slaves"},
		{"output", []string{"discover", "master", "mymaster", "--output=yaml"}, "yaml"},
		{"negative number", []string{"discover", "master", "mymaster", "--min-other-sentinels=-1"}, "-1"},
	} {
		stdout, stderr, status := output(t, tc.args...)
		if status != 1 || stdout != "" {
			t.Errorf("%s: got %d and on stdout %q", tc.name, status, stdout)
		}
		wantOneLine(t, stderr, tc.want)
	}
}
