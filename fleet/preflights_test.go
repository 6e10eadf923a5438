package fleet

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"redis_sentinel_exporter/preflight"
	"redis_sentinel_exporter/sentinel"
)

// TestPreflightsAreForgotten: so many reports are kept, and for so long; a master beyond is not asked about, and has the reason instead.
func TestPreflightsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		d := NewDeployment(Parts{Logger: slog.New(slog.DiscardHandler), Preflight: preflight.Options{Nodes: &sentinel.Options{
			Password: func() (string, error) { asked++; return "", errors.New("it is not there") }, // so that nothing is sent
		}}})
		snapshot := well("a:26379")
		const masters = mostKept + 5
		for i := range masters {
			snapshot.Masters = append(snapshot.Masters, sentinel.Master{Instance: sentinel.Instance{Name: fmt.Sprint("m", i), Addr: fmt.Sprint("10.0.0.1:", 1000+i)}})
		}
		look := func(i int) Preflight {
			name := fmt.Sprint("m", i)
			return d.Preflights(t.Context(), []*sentinel.Snapshot{snapshot}, []string{name}, time.Second)[name]
		}
		kept := func() int {
			d.looks.turn <- struct{}{}
			defer func() { <-d.looks.turn }()
			return len(d.looks.kept)
		}
		for range 2 {
			for i := range masters {
				if got := look(i); (got.Report != nil) != (i < mostKept) || got.Report == nil && !errors.Is(got.Err, errFull) {
					t.Errorf("master %d has %+v", i, got)
				}
			}
		}
		if n := kept(); asked != mostKept || n != mostKept {
			t.Errorf("%d were asked about, and %d are kept", asked, n)
		}
		time.Sleep(keepPreflights + 2*time.Second)
		synctest.Wait()
		if n := kept(); n != 0 {
			t.Errorf("%d are kept when nobody has asked again", n)
		}
		if got := look(masters - 1); got.Report == nil {
			t.Errorf("then another one has %v", got.Err)
		}
		d.looks.turn <- struct{}{}
		if got := look(masters - 1); !errors.Is(got.Err, errNoTurn) {
			t.Errorf("while another page asks it has %+v", got)
		}
		<-d.looks.turn
	})
}
