package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTimeoutOfAScrape(t *testing.T) {
	rule := timeouts{absent: 5 * time.Second, offset: 500 * time.Millisecond}
	for _, tc := range []struct {
		name, header string
		rule         timeouts
		want         time.Duration
	}{
		{"none", "", rule, 5 * time.Second},
		{"the usual", "10", rule, 9500 * time.Millisecond},
		{"a fraction", "2.25", rule, 1750 * time.Millisecond},
		{"an exponent", "1e1", rule, 9500 * time.Millisecond},
		{"as much as the offset", "0.5", rule, 250 * time.Millisecond},
		{"less than the offset", "0.2", rule, minTimeout},
		{"just above the offset", "0.6", rule, minTimeout},
		{"hardly any", "1e-300", rule, minTimeout},
		{"more than a duration holds", "1e300", rule, time.Hour - 500*time.Millisecond},
		{"no offset", "10", timeouts{absent: time.Second}, 10 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.rule.of(headerWith(tc.header))
			if err != nil {
				t.Fatal(err)
			}
			if diff := got - tc.want; diff.Abs() > time.Microsecond { // floats
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestTimeoutThatIsNone(t *testing.T) {
	rule := timeouts{absent: 5 * time.Second, offset: 500 * time.Millisecond}
	for _, text := range []string{"0", "-0", "-1", "NaN", "Inf", "+Inf", "-Inf", "1e400", "ten", "10s", "1,5", " ", "1 2"} {
		if got, err := rule.of(headerWith(text)); err == nil {
			t.Errorf("%q: got %s, want an error", text, got)
		} else if !strings.Contains(err.Error(), timeoutHeader) {
			t.Errorf("%q: the error %q does not name the header", text, err)
		}
	}
}

func headerWith(timeout string) http.Header {
	h := http.Header{}
	if timeout != "" {
		h.Set(timeoutHeader, timeout)
	}
	return h
}
