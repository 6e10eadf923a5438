package cli

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/printable"
	"redis_sentinel_exporter/sentinel"
)

// FuzzPrinting: whatever the name of a master is and what a Sentinel says, check prints as
// many lines as of a harmless one, and nothing that commands a terminal; watch prints one
// line of each event.
func FuzzPrinting(f *testing.F) {
	for _, seed := range []string{"mymaster", "", "-n", "a\x1b[2J\nb", "\u009b\u202e\xff", "it's $(id)"} {
		f.Add(seed, seed)
	}
	raw := func(r rune) bool {
		return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028')
	}
	f.Fuzz(func(t *testing.T, name, said string) {
		text := printed(t, name, said)
		if strings.ContainsFunc(text, raw) {
			t.Errorf("%q and %q: check prints %q", name, said, text)
		}
		if got, want := strings.Count(text, "\n"), strings.Count(printed(t, "m", "x"), "\n"); got != want {
			t.Errorf("%q and %q: check prints %d lines, want %d: %s", name, said, got, want, text)
		}
		event := &sentinel.StreamUpdate{Sentinel: "a:1", Event: sentinel.Event{Name: said, Master: name, Kind: "slave", Node: said, Address: said, Details: name, Raw: said}}
		for _, line := range []string{textLine(event), jsonLine(event)} {
			if line = string(printable.Text([]byte(line))); strings.ContainsFunc(line, raw) || strings.Count(line, "\n") != 1 || strings.Contains(line, "\t") {
				t.Errorf("%q and %q: watch prints %q", name, said, line)
			}
		}
	})
}

// printed is what check prints of two Sentinels that differ on a master.
func printed(t *testing.T, name, said string) string {
	t.Helper()
	var snapshots []*sentinel.Snapshot
	for _, addr := range []string{"10.0.0.1:6379", "10.0.0.2:6379"} {
		host, port, _ := strings.Cut(addr, ":")
		in := sentinel.Instance{Name: name, Host: host, Port: port, Addr: addr, RunID: "r" + said, Flags: sentinel.FlagMaster | sentinel.FlagSDown | sentinel.FlagODown}
		m := sentinel.Master{Instance: in, RoleReported: sentinel.RoleMaster, Quorum: sentinel.Some(int64(2))}
		snapshots = append(snapshots, &sentinel.Snapshot{
			Sentinel: "s-" + addr, ID: said + addr, Info: &sentinel.Info{RunID: said + addr, Version: said}, Masters: []sentinel.Master{m},
		})
	}
	report := health.Assess(snapshots, nil)
	if len(report.All()) == 0 {
		t.Error("nothing is wrong")
	}
	var b bytes.Buffer
	c := &checkCommand{output: "text"}
	if err := c.print(&b, &report); err != nil {
		t.Fatal(err)
	}
	return string(printable.Text(b.Bytes()))
}
