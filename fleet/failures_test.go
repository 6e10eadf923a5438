package fleet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/sentinel"
)

func TestFailuresAreLoggedOnceEach(t *testing.T) {
	logger, buf := newLog()
	failures := newFailureLog(logger)
	const a, b = "a:26379", "b:26379"
	noPermission := failing(b, sentinel.ReasonPermission, sentinel.CommandMyID, sentinel.CommandCKQuorum)
	twoReasons := failing(b, sentinel.ReasonPermission, sentinel.CommandMyID)
	twoReasons.Failures = append(twoReasons.Failures, failing(b, sentinel.ReasonTimeout, sentinel.CommandReplicas).Failures...)
	down := func(why string) string {
		return `level=WARN msg="Sentinel does not answer" sentinel=` + a +
			` command=info,myid,masters,replicas,sentinels,ckquorum,info_cache reason=` + why + ` err="it ` + why + `"`
	}
	for _, step := range []struct {
		name      string
		snapshots []*sentinel.Snapshot
		want      []string
	}{
		{"all well at first", []*sentinel.Snapshot{well(a), well(b)}, nil},
		{"one dies", []*sentinel.Snapshot{dead(sentinel.ReasonUnreachable), well(b)}, []string{down("unreachable")}},
		{"it stays dead", []*sentinel.Snapshot{dead(sentinel.ReasonUnreachable), well(b)}, nil},
		{
			"the other has no permission", []*sentinel.Snapshot{dead(sentinel.ReasonUnreachable), noPermission},
			[]string{`level=WARN msg="Sentinel does not answer some commands" sentinel=b:26379 command=myid,ckquorum reason=permission err="it permission"`},
		},
		{"the first hangs instead", []*sentinel.Snapshot{dead(sentinel.ReasonTimeout), noPermission}, []string{down("timeout")}},
		{
			"it is well again", []*sentinel.Snapshot{well(a), noPermission},
			[]string{`level=INFO msg="Sentinel answers again" sentinel=a:26379`},
		},
		{
			"it may do one thing more", []*sentinel.Snapshot{well(a), failing(b, sentinel.ReasonPermission, sentinel.CommandMyID)},
			[]string{`level=WARN msg="Sentinel does not answer some commands" sentinel=b:26379 command=myid reason=permission err="it permission"`},
		},
		{
			"two reasons at once", []*sentinel.Snapshot{well(a), twoReasons},
			[]string{
				`level=WARN msg="Sentinel does not answer some commands" sentinel=b:26379 command=myid reason=permission err="it permission"`,
				`level=WARN msg="Sentinel does not answer some commands" sentinel=b:26379 command=replicas reason=timeout err="it timeout"`,
			},
		},
		{
			"all well", []*sentinel.Snapshot{well(a), well(b)},
			[]string{`level=INFO msg="Sentinel answers again" sentinel=b:26379`},
		},
		{"and it stays so", []*sentinel.Snapshot{well(a), well(b)}, nil},
	} {
		before := len(buf.String())
		failures.note(step.snapshots)
		var got []string
		if text := strings.TrimSpace(buf.String()[before:]); text != "" {
			got = strings.Split(text, "\n")
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
}

// TestAnotherSentinelIsLogged once, and not what it was when it did not answer.
func TestAnotherSentinelIsLogged(t *testing.T) {
	logger, buf := newLog()
	failures := newFailureLog(logger)
	const a = "balancer:26379"
	as := func(id string) *sentinel.Snapshot {
		s := well(a)
		s.ID = id
		return s
	}
	for _, s := range []*sentinel.Snapshot{as("one"), as("one"), as(""), as("two"), as("two")} {
		failures.note([]*sentinel.Snapshot{s})
	}
	const want = `level=INFO msg="Another Sentinel answers at this address" sentinel=balancer:26379 id=two id_before=one`
	if got := strings.TrimSpace(buf.String()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
