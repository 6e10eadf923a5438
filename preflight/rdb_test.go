package preflight

import (
	"testing"

	"redis_sentinel_exporter/internal/sentineltest"
)

// TestRDBVersion holds the table to what the server writes: DUMP ends in the version, and 8 bytes.
func TestRDBVersion(t *testing.T) {
	t.Parallel()
	r := sentineltest.Run(t, sentineltest.Config{Sentinels: sentineltest.None, Replicas: sentineltest.None, NoSettle: true})
	n := r.Masters[0].Node
	if _, err := n.CLI(t.Context(), "SET", "k", "v"); err != nil {
		t.Fatal(err)
	}
	dump, err := n.CLI(t.Context(), "DUMP", "k")
	if err != nil {
		t.Fatal(err)
	}
	if len(dump) < 10 {
		t.Fatalf("DUMP is %q", dump)
	}
	want := int(dump[len(dump)-10]) + int(dump[len(dump)-9])<<8
	if got := rdbVersion(r.Version.Product, r.Version.Text); got != want {
		t.Errorf("the RDB version of %s %s is %d, want %d", r.Version.Product, r.Version.Text, got, want)
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		own, other int
		want       bool
	}{
		{10, 10, true}, {10, 9, true}, {10, 13, false}, {13, 10, true},
		{11, 80, false}, {13, 80, false}, {80, 11, true}, {80, 80, true}, {80, 12, false}, {80, 13, false},
	} {
		if got := reads(test.own, test.other); got != test.want {
			t.Errorf("a server of %d reads %d: %v", test.own, test.other, got)
		}
	}
}
