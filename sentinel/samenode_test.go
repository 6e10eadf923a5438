package sentinel_test

import (
	"testing"

	"redis_sentinel_exporter/sentinel"
)

func TestSameNode(t *testing.T) {
	t.Parallel()
	const yes, no, unknown = "yes", "no", "unknown"
	for _, test := range []struct {
		hostA, portA, runA, hostB, portB, runB string
		want                                   string
	}{
		{"10.0.0.1", "1", "", "10.0.0.1", "1", "", yes},
		{"10.0.0.1", "1", "", "10.0.0.2", "1", "", no},
		{"10.0.0.1", "1", "x", "fd00::1", "1", "x", yes},
		{"10.0.0.1", "1", "x", "10.0.0.2", "2", "x", yes}, // behind NAT
		{"10.0.0.1", "1", "x", "10.0.0.1", "1", "y", yes}, // restarted in between
		{"::ffff:10.0.0.1", "1", "", "10.0.0.1", "1", "", yes},
		{"redis", "1", "", "REDIS", "1", "", yes},
		{"redis", "1", "", "redis", "2", "", no},
		{"redis", "1", "", "10.0.0.1", "1", "", unknown},
		{"redis", "1", "x", "10.0.0.1", "1", "", unknown},
		{"redis", "1", "x", "10.0.0.1", "1", "x", yes},
		{"redis", "1", "x", "10.0.0.1", "1", "y", no},
		{"redis", "1", "", "redis.svc", "1", "", unknown},
		{"", "1", "", "10.0.0.1", "1", "", unknown}, // a name that did not resolve
	} {
		a := sentinel.Instance{Host: test.hostA, Port: test.portA, RunID: test.runA}
		b := sentinel.Instance{Host: test.hostB, Port: test.portB, RunID: test.runB}
		for _, pair := range [][2]*sentinel.Instance{{&a, &b}, {&b, &a}} {
			got := unknown
			if same := pair[0].SameNode(pair[1]); same.Present && same.Value {
				got = yes
			} else if same.Present {
				got = no
			}
			if got != test.want {
				t.Errorf("%+v: got %s", test, got)
			}
		}
	}
}
