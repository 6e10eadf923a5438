package probe

import (
	"net/netip"
	"testing"
)

func TestAllowList(t *testing.T) {
	t.Parallel()
	const yes, no = true, false
	for _, tc := range []struct {
		list    string // YAML; "" for none
		host    string // asked for
		address string // that it has or resolves to
		ask     bool
		connect bool
	}{
		{"", "a", "10.0.0.1", yes, yes},
		{"[]", "a", "10.0.0.1", no, no},
		// Only networks: of a name its addresses count.
		{"[10.0.0.0/8]", "10.1.2.3", "10.1.2.3", yes, yes},
		{"[10.0.0.0/8]", "11.1.2.3", "11.1.2.3", no, no},
		{"[10.0.0.0/8]", "::ffff:10.1.2.3", "::ffff:10.1.2.3", yes, yes},
		{"[10.0.0.0/8]", "::ffff:11.1.2.3", "::ffff:11.1.2.3", no, no},
		{"[10.0.0.0/8]", "a", "10.1.2.3", yes, yes},
		{"[10.0.0.0/8]", "a", "127.0.0.1", yes, no},
		{"[10.0.0.0/8]", "a", "::1", yes, no},
		{"[10.1.2.3/8]", "10.9.9.9", "10.9.9.9", yes, yes},
		{"[10.0.0.1]", "10.0.0.1", "10.0.0.1", yes, yes},
		{"[10.0.0.1]", "10.0.0.2", "10.0.0.2", no, no},
		{"['fd00::/8']", "fd00::1", "fd00::1", yes, yes},
		{"['fd00::/8']", "::1", "::1", no, no},
		{"['::1']", "::1", "::1", yes, yes},
		{"['fe80::/10']", "fe80::1%eth0", "fe80::1%eth0", yes, yes},
		// Only patterns: of an allowed name every address counts, and no address by itself.
		{"['*.example.com']", "a.example.com", "127.0.0.1", yes, yes},
		{"['*.example.com']", "a.b.example.com", "10.0.0.1", yes, yes},
		{"['*.example.com']", "A.Example.COM.", "10.0.0.1", yes, yes},
		{"['*.EXAMPLE.com']", "a.example.com", "10.0.0.1", yes, yes},
		{"['*.example.com']", "example.com", "10.0.0.1", no, yes},
		{"['*.example.com']", "a.example.com.evil.org", "10.0.0.1", no, yes},
		{"['*.example.com']", "10.0.0.1", "10.0.0.1", no, yes},
		{"['*']", "10.0.0.1", "10.0.0.1", no, yes},
		{"['sentinel-[0-2]']", "sentinel-2", "10.0.0.1", yes, yes},
		{"['sentinel-[0-2]']", "sentinel-3", "10.0.0.1", no, yes},
		{"[localhost]", "localhost", "127.0.0.1", yes, yes},
		// Both: a name needs a pattern, and what it resolves to a network.
		{"['*.example.com', 10.0.0.0/8]", "a.example.com", "10.0.0.1", yes, yes},
		{"['*.example.com', 10.0.0.0/8]", "a.example.com", "169.254.169.254", yes, no},
		{"['*.example.com', 10.0.0.0/8]", "b.example.org", "10.0.0.1", no, yes},
		{"['*.example.com', 10.0.0.0/8]", "10.0.0.1", "10.0.0.1", yes, yes},
		{"['*.example.com', 10.0.0.0/8]", "169.254.169.254", "169.254.169.254", no, no},
	} {
		text := ""
		if tc.list != "" {
			text = "allowed_targets: " + tc.list
		}
		c, err := Parse([]byte(text), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AllowedTargets.Ask(tc.host); (err == nil) != tc.ask {
			t.Errorf("%s: to ask for %s: %v", tc.list, tc.host, err)
		}
		if err := c.AllowedTargets.Connect(netip.MustParseAddr(tc.address)); (err == nil) != tc.connect {
			t.Errorf("%s: to connect to %s: %v", tc.list, tc.address, err)
		}
	}
}
