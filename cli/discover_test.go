package cli_test

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
func TestDiscover(t *testing.T) {
	t.Parallel()
	topology := sentineltest.Run(t, sentineltest.Config{})
	m := topology.Masters[0]
	all := topology.SentinelAddrs()
	first, sentinels := all[:1], slices.Sorted(slices.Values(all))
	for _, tc := range []struct {
		asked []string
		words []string
		want  []string
	}{
		{all, []string{"master", "mymaster"}, sortedAddrs(m.Node)},
		{all, []string{"master", "mymaster", "--min-other-sentinels=2"}, sortedAddrs(m.Node)},
		{all, []string{"replicas", "mymaster"}, sortedAddrs(m.Replicas...)},
		{all, []string{"sentinels", "mymaster"}, sentinels},
		{first, []string{"sentinels", "mymaster"}, sentinels},
	} {
		words := append([]string{"discover"}, tc.words...)
		stdout, stderr, status := output(t, tc.asked, 5*time.Second, words...)
		if status != 0 || stderr != "" || stdout != strings.Join(tc.want, "\n")+"\n" {
			t.Errorf("%v: got %d, %q, %q; want %q", words, status, stdout, stderr, tc.want)
		}
		stdout, stderr, status = output(t, tc.asked, 5*time.Second, append(words, "--output=json")...)
		var got struct {
			Master    string `json:"master_name"`
			Addresses []string
			Sentinel  string
		}
		if err := json.Unmarshal([]byte(stdout), &got); err != nil || status != 0 || stderr != "" || got.Master != "mymaster" {
			t.Errorf("%v --output=json: got %d, %v, %q, %q", words, status, err, stdout, stderr)
		}
		if diff := cmp.Diff(tc.want, got.Addresses); diff != "" {
			t.Errorf("%v --output=json (-want +got):\n%s", words, diff)
		}
	}
	for _, s := range topology.Sentinels[1:] {
		if err := s.Hang(); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	stdout, _, status := output(t, all, time.Second, "discover", "master", "mymaster")
	if took := time.Since(start); status != 0 || stdout != m.Node.Addr()+"\n" || took > 5*time.Second {
		t.Errorf("two hung: got %d, %q after %s", status, stdout, took)
	}
}

// What was not found is an error and exit code 1.
func TestDiscoverFindsNothing(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{}).Addr()
	silent := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	silent.Script("SENTINEL", sentineltest.Silent(nil))
	nobody := sentineltest.FreeAddr(t)
	for _, tc := range []struct {
		what  string
		asked string
		words []string
		want  string
	}{
		{"unknown master", fake, []string{"master", "nosuch"}, "no such master"},
		{"unknown master of replicas", fake, []string{"replicas", "nosuch"}, "no such master"},
		{"unknown master of Sentinels", fake, []string{"sentinels", "nosuch"}, "no such master"},
		{"no replica", fake, []string{"replicas", "mymaster"}, "no usable replica"},
		{"too few others", fake, []string{"master", "mymaster", "--min-other-sentinels=1"}, "too few other"},
		{"nobody there", nobody, []string{"master", "mymaster"}, "connection refused"},
		{"nobody there for Sentinels", nobody, []string{"sentinels", "mymaster"}, "no Sentinel has answered"},
		{"silent", silent.Addr(), []string{"master", "mymaster"}, "deadline"},
		{"no name", fake, []string{"master"}, "name"},
		{"nothing to find", fake, nil, "subcommand"},
		{"something else to find", fake, []string{"slaves", "mymaster"}, "slaves"},
		{"output", fake, []string{"master", "mymaster", "--output=yaml"}, "yaml"},
		{"negative number", fake, []string{"master", "mymaster", "--min-other-sentinels=-1"}, "-1"},
	} {
		stdout, stderr, status := output(t, []string{tc.asked}, 500*time.Millisecond, append([]string{"discover"}, tc.words...)...)
		if status != 1 || stdout != "" || !strings.Contains(stderr, tc.want) {
			t.Errorf("%s: got %d, %q, and the error %q; want %q", tc.what, status, stdout, stderr, tc.want)
		}
	}
}
