package collector

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/sentinel"
)

// TestAppendValue: as people write it, and as it is read again.
func TestAppendValue(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		value float64
		want  string
	}{
		{0, "0"},
		{-1, "-1"},
		{0.059, "0.059"},
		{123456789, "123456789"},
		{1700000001.5, "1700000001.5"},
		{999_999_999_999_999, "999999999999999"},
		{1e15, "1e+15"},
		{-1e15, "-1e+15"},
		{math.MaxInt64, "9.223372036854776e+18"},
		{math.Inf(1), "+Inf"},
		{math.Inf(-1), "-Inf"},
		{math.NaN(), "NaN"},
	} {
		got := string(appendValue(nil, tc.value))
		if got != tc.want {
			t.Errorf("%v is written %q, want %q", tc.value, got, tc.want)
		}
		if back, err := strconv.ParseFloat(got, 64); err != nil || back != tc.value && !math.IsNaN(tc.value) {
			t.Errorf("%q is read as %v, %v", got, back, err)
		}
	}
}

// TestLabelsOfAnyBytes: Prometheus' own parser reads what was meant.
func TestLabelsOfAnyBytes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain", "", `quo"te`, `back\slash`, "new\nline", "tab\tand, {comma}=", "ünï", `\n`, "\xff"} {
		found := false
		for _, f := range families(t, New(Options{}), []*sentinel.Snapshot{named(name)}) {
			if f.GetName() != prefix+"master_ok" {
				continue
			}
			for _, l := range f.Metric[0].Label {
				if l.GetName() == labelMaster {
					found = true
					if l.GetValue() != sentinel.ValidUTF8(name) {
						t.Errorf("%q is read as %q", name, l.GetValue())
					}
				}
			}
		}
		if !found {
			t.Errorf("%q: no sample of the master", name)
		}
	}
}

// TestAlso: families of others are sorted in.
func TestAlso(t *testing.T) {
	t.Parallel()
	also := func(name string) *dto.MetricFamily {
		help, value := "Help.", 1.5
		return &dto.MetricFamily{
			Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum(),
			Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: &value}}},
		}
	}
	var b strings.Builder
	page := Page{
		Report: &health.Report{},
		Also:   []*dto.MetricFamily{also("z"), also("a"), also("redis_sentinel_deployment_sentinels_of")},
	}
	if err := New(Options{}).WriteText(&b, page); err != nil {
		t.Fatal(err)
	}
	want := `# HELP a Help.
# TYPE a gauge
a 1.5
# HELP redis_sentinel_deployment_sentinels Sentinels that were asked.
# TYPE redis_sentinel_deployment_sentinels gauge
redis_sentinel_deployment_sentinels 0
# HELP redis_sentinel_deployment_sentinels_of Help.
# TYPE redis_sentinel_deployment_sentinels_of gauge
redis_sentinel_deployment_sentinels_of 1.5
# HELP redis_sentinel_deployment_sentinels_up Sentinels that answered SENTINEL MASTERS within the deadline.
# TYPE redis_sentinel_deployment_sentinels_up gauge
redis_sentinel_deployment_sentinels_up 0
# HELP z Help.
# TYPE z gauge
z 1.5
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

type brokenWriter struct{ calls int }

var errBroken = errors.New("nobody reads")

func (w *brokenWriter) Write([]byte) (int, error) {
	w.calls++
	return 0, errBroken
}

// TestNobodyReads: the first error is the one returned, and the writer is left
// alone after it.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	snapshots := watching(100) // far more than one write
	report := health.Assess(snapshots, nil)
	w := &brokenWriter{}
	if err := New(everything()).WriteText(w, Page{Snapshots: snapshots, Report: &report}); !errors.Is(err, errBroken) || w.calls != 1 {
		t.Errorf("got %v after %d writes, want %v after 1", err, w.calls, errBroken)
	}
}

// TestEncode: any other format says what the text says.
func TestEncode(t *testing.T) {
	t.Parallel()
	e, _ := heard("0 a UP\n3 a +try-failover \xff\n4 a +elected-leader \xff\n5 a +failover-end \xff")
	c := New(everything()).WithEvents(e)
	snapshots := []*sentinel.Snapshot{leader(), follower()}
	report := health.Assess(snapshots, nil)
	var encoded bytes.Buffer
	format := expfmt.NewFormat(expfmt.TypeProtoDelim)
	if err := c.Encode(&encoded, Page{Snapshots: snapshots, Report: &report}, format); err != nil {
		t.Fatal(err)
	}
	var again strings.Builder
	for decoder := expfmt.NewDecoder(&encoded, format); ; {
		var f dto.MetricFamily
		err := decoder.Decode(&f)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := expfmt.MetricFamilyToText(&again, &f); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(withNumbers(t, text(t, c, snapshots)), withNumbers(t, again.String())); diff != "" {
		t.Errorf("(-text +encoded):\n%s", diff)
	}
}
