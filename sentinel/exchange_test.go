package sentinel

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReplies has replies of all sizes and types arrive in pieces of all sizes.
func TestReplies(t *testing.T) {
	t.Parallel()
	want := []string{
		"+OK\r\n", "-ERR no\r\n", ":12\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n", "$0\r\n\r\n", wire(infoText),
		wire([]any{flat(healthyMaster), flat(failingMaster)}), wire([]any{[]any{[]any{[]any{"+\r\n-x\r\n*1"}}}}),
		wire(strings.Repeat("\r\n$1", 1000)), "+short after long\r\n", wire(strings.Repeat("x", 3*mostRead)), "+end\r\n",
	}
	all := strings.Join(want, "")
	commands := slices.Repeat([][]any{{"PING"}}, len(want))
	for _, step := range []int{1, 2, 3, 7, 1024, replyBuffer, replyBuffer + 1, mostRead, 1 << 20} {
		c := &limitedConn{most: maxExchange}
		for _, when := range []string{"first", "second"} { // which has buffers of the size that the first one needed
			c.Conn = &stream{data: strings.NewReader(all), step: step}
			got, err := collected(t.Context(), c, commands)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s exchange, %d bytes at a time: error %v (-want +got)\n%s", when, step, err, diff)
			}
		}
	}

	for n := range want {
		cut := strings.Join(want[:n], "") + want[n][:len(want[n])-1]
		c := &limitedConn{most: maxExchange, Conn: &stream{data: strings.NewReader(cut), step: 1000}}
		got, err := collected(t.Context(), c, commands)
		if diff := cmp.Diff(want[:n], got); diff != "" || !errors.Is(err, io.EOF) {
			t.Errorf("cut off within reply %d: error %v (-want +got)\n%s", n, err, diff)
		}
	}

	c := &limitedConn{most: maxExchange, Conn: &stream{data: strings.NewReader(all + "+more\r\n"), step: 1 << 20}}
	if _, err := collected(t.Context(), c, commands); !errors.Is(err, errMalformed) {
		t.Errorf("one reply more than was asked for: error %v", err)
	}
}
