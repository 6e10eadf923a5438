package e2e_test

import (
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// A moment is when a fault comes.
type moment int

const (
	atConnect   moment = iota // there is no connection
	idle                      // between the commands of one scrape and those of the next, on a kept connection
	midPipeline               // some of the commands of a scrape have been answered, MASTERS among them
	moments
)

func (m moment) String() string {
	return [...]string{"at connect", "between commands", "mid-pipeline"}[m]
}

// A reaction is what a fault must lead to.
type reaction struct {
	up      bool
	reasons []string // one of which is that of all failures; "" for none at all
}

func down(reasons ...string) reaction    { return reaction{false, reasons} }
func partial(reasons ...string) reaction { return reaction{true, reasons} } // but for protocol: nothing that nonsense follows is trusted

// unharmed is when nothing shows.
func unharmed() reaction { return reaction{true, []string{""}} }

// A badSentinel is one that does to commands what the script says, or one to
// which something else happens.
type badSentinel struct {
	name   string
	script sentineltest.Script
	happen func(*faultRig) (mend func())
	want   [moments]reaction
}

func badSentinels() []badSentinel {
	const half = "*14\r\n$6\r\nserver\r\n$5\r\nred" // of a HELLO's, or any other list
	return []badSentinel{
		{"connection refused", nil, refuse, [moments]reaction{down("unreachable"), down("unreachable"), down("unreachable")}},
		{"SYN black hole", nil, swallowSYN, [moments]reaction{down("timeout"), down("timeout"), down("timeout")}},
		{"accept and silence", sentineltest.Silent(nil), nil, [moments]reaction{down("timeout"), down("timeout"), partial("timeout")}},
		{"reset in the middle of a reply", sentineltest.ResetAfter([]byte(half)), nil, [moments]reaction{down("unreachable"), down("unreachable"), partial("unreachable")}},
		{"half a reply, then silence", sentineltest.Silent([]byte(half)), nil, [moments]reaction{down("timeout"), down("timeout"), partial("timeout")}},
		{"a byte a second", sentineltest.Trickle([]byte(half), time.Second), nil, [moments]reaction{down("timeout"), down("timeout"), partial("timeout")}},
		{endlessReply, endless, nil, [moments]reaction{down("protocol", "timeout"), down("protocol", "timeout"), partial("protocol", "timeout")}},
		{"wrong protocol", sentineltest.Closed([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")), nil, [moments]reaction{down("protocol"), down("protocol"), down("protocol")}},
		{"claims 10^9 bytes", sentineltest.Silent([]byte("$1000000000\r\n")), nil, [moments]reaction{down("protocol"), down("protocol"), down("protocol")}},
		{"unknown name", nil, unknownName, [moments]reaction{down("unreachable"), down("unreachable"), down("unreachable")}},
		{"LOADING", sentineltest.Raw([]byte("-LOADING Redis is loading the dataset in memory\r\n")), nil, [moments]reaction{down("other"), down("other"), partial("other")}},
		{"BUSY", sentineltest.Raw([]byte("-BUSY Redis is busy running a script.\r\n")), nil, [moments]reaction{down("other"), down("other"), partial("other")}},
		// The Sentinel says why; but its reset can be quicker.
		{"too many clients", nil, fillUp, [moments]reaction{down("other", "unreachable"), unharmed(), down("other", "unreachable")}},
		{"restart", nil, restart, [moments]reaction{unharmed(), unharmed(), partial("", "timeout")}},
		{"SIGSTOP", nil, hang, [moments]reaction{down("timeout"), down("timeout"), partial("timeout")}},
	}
}

// stalledHandshake is the fault that takes TLS.
func stalledHandshake() badSentinel {
	return badSentinel{"TLS handshake stalls", nil, stall, [moments]reaction{down("timeout"), down("timeout"), down("timeout")}}
}

const endlessReply = "endless reply"

// noEvents is what the matrix gives the exporter: because of an event a Sentinel can be asked once
// more, and failures would be counted between the scrapes.
const noEvents = "--no-collector.events"

// endless sends a list at 200 MB a second: as fast as it can go would be a test of
// this machine.
func endless(c *sentineltest.ScriptConn) {
	megabyte := sentineltest.Bulk(strings.Repeat("x", 1<<20))
	for ok := c.Write([]byte("*1000000\r\n")); ok; {
		ok = c.Sleep(5*time.Millisecond) && c.Write(megabyte)
	}
}

func refuse(r *faultRig) func() {
	r.proxy.Cut()
	return func() { r.must(r.proxy.Heal()) }
}

// swallowSYN breaks connections when the way to new ones is lost, not before: a new
// one would be refused.
func swallowSYN(r *faultRig) func() {
	r.proxy.Refuse()
	_, end := sentineltest.BlackHole(r.t, r.proxy.Addr())
	r.proxy.Reset()
	return func() {
		end()
		r.must(r.proxy.Heal())
	}
}

// stall breaks connections, and says nothing on new ones.
func stall(r *faultRig) func() {
	r.proxy.BlackHole()
	r.proxy.Reset()
	return func() {
		r.proxy.Reset()
		r.must(r.proxy.Heal())
	}
}

func unknownName(r *faultRig) func() {
	r.names.SetBroken(true)
	r.proxy.Reset()
	return func() { r.names.SetBroken(false) }
}

func hang(r *faultRig) func() {
	r.must(r.sentinel.Hang())
	return func() {
		r.must(r.sentinel.Resume())
		r.must(r.WaitSettled(r.within()))
	}
}

func restart(r *faultRig) func() {
	r.sentinel.Kill()
	r.must(r.sentinel.Restart(r.within()))
	return func() { r.must(r.WaitSettled(r.within())) }
}

// fillUp takes every connection that the Sentinel has left, and each that comes
// free.
func fillUp(r *faultRig) func() {
	full, stop := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		var open []net.Conn
		defer func() {
			for _, conn := range open {
				_ = conn.Close()
			}
		}()
		once := sync.OnceFunc(func() { close(full) })
		defer once()
		for {
			conn, taken := takePlace(r.sentinel.Addr())
			if taken {
				open = append(open, conn)
				continue
			}
			once()
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	<-full
	// A place that comes free is to be taken before the exporter asks for it.
	r.proxy.Delay(50 * time.Millisecond)
	return func() {
		r.proxy.Delay(0)
		close(stop)
		wg.Wait()
		sentineltest.WaitFor(r.t, "the places to be free", func() bool {
			_, err := r.sentinel.CLI(r.within(), "PING")
			return err == nil
		})
	}
}

// takePlace opens a connection; false where the Sentinel does not take it.
func takePlace(addr string) (net.Conn, bool) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, false
	}
	reply := make([]byte, len("+PONG\r\n"))
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err = conn.Write([]byte("PING\r\n")); err == nil {
		_, err = conn.Read(reply)
	}
	if err != nil || string(reply) != "+PONG\r\n" {
		_ = conn.Close()
		return nil, false
	}
	return conn, true
}

// TestFaultMatrix: whatever happens to one Sentinel, and whenever, the scrape is
// there in time with all that the others say, and says of the one what is wrong;
// the scrape after it is as before; and no memory, goroutine or file is kept.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	for m := range moments {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			r := newFaultRig(t, false, noEvents)
			r.run(m, badSentinels()...)
			r.keptNothing()
		})
	}
	t.Run("over TLS", func(t *testing.T) {
		t.Parallel()
		r := newFaultRig(t, true, noEvents)
		for m := range moments {
			r.run(m, stalledHandshake())
		}
		r.keptNothing()
	})
}

// run makes one fault after the other.
func (r *faultRig) run(m moment, bad ...badSentinel) {
	t := r.t
	defer func() { r.t = t }()
	for _, b := range bad {
		t.Run(b.name+" "+m.String(), func(t *testing.T) {
			r.t = t
			// A busy machine may keep a scrape waiting once. What does not end with its
			// deadline is late each time.
			const tries = 5
			for try := 1; ; try++ {
				late := r.cell(m, b)
				if late <= b.overrun() || t.Failed() {
					r.slowest = max(r.slowest, late)
					return
				}
				t.Logf("try %d: %v after the deadline", try, late)
				if try == tries {
					t.Error("late each time")
					return
				}
			}
		})
	}
	t.Logf("%s: by its own clock the exporter was done with the target %v after the deadline, at the latest", m, r.slowest)
}

// overrun is what the exporter may take beyond the deadline.
func (b badSentinel) overrun() time.Duration {
	if underRace && b.name == endlessReply {
		return 10 * overrun
	}
	return overrun
}

// cell makes one fault and mends it, and returns how long after the deadline of the
// scrape between the exporter was done with the target: by its own clock, which
// the machine's other work between it and this test does not hold up.
func (r *faultRig) cell(m moment, b badSentinel) (late time.Duration) {
	before := r.patient()
	if !before.up(r.target) {
		r.t.Fatal("the target is not up to begin with")
	}
	mend := r.begin(m, b)
	if m == atConnect {
		before = r.withoutConnection(b.want[m])
	}
	got := r.scrape(prometheusHas)
	mend()
	r.sees(before, got, b.want[m])
	r.othersAreThere(before, got)
	r.rightAgain(got)
	if got.took > faultDeadline+answerGrace {
		r.t.Errorf("the answer took %v", got.took)
	}
	seconds := got.values[fmt.Sprintf("scrape_duration_seconds{sentinel=%q}", r.target)]
	return time.Duration(seconds*float64(time.Second)) - faultDeadline
}

// withoutConnection is a scrape after which there is no connection to the target,
// if there can be none.
func (r *faultRig) withoutConnection(want reaction) scrape {
	r.t.Helper()
	s := r.scrape(prometheusHas)
	if slices.Equal(want.reasons, unharmed().reasons) {
		return s
	}
	sentineltest.WaitFor(r.t, "the connection to be lost", func() bool {
		if s.up(r.target) {
			r.proxy.Reset()
			s = r.scrape(prometheusHas)
		}
		return !s.up(r.target)
	})
	return s
}

// begin brings about that the fault comes at its moment.
func (r *faultRig) begin(m moment, b badSentinel) (mend func()) {
	switch {
	case m == midPipeline:
		return r.beginMidPipeline(b)
	case b.happen != nil:
		mend = b.happen(r)
	default:
		commands := []string{"HELLO", "INFO", "SENTINEL"}
		for _, c := range commands {
			r.gate.Script(c, b.script)
		}
		mend = func() {
			for _, c := range commands {
				r.gate.Script(c, nil)
			}
			r.proxy.Reset() // of what a script still says
		}
	}
	if m == atConnect {
		r.proxy.Reset()
	}
	return mend
}

// beginMidPipeline lets it happen when the last command is asked that a scrape demands.
func (r *faultRig) beginMidPipeline(b badSentinel) (mend func()) {
	const last = "SENTINEL CKQUORUM"
	script, undo := b.script, func() {}
	if script == nil {
		var once sync.Once
		undoing := func() {}
		script = func(c *sentineltest.ScriptConn) {
			c.Write(nil) // the answers to what was asked before are on their way
			once.Do(func() {
				undoing = b.happen(r)
				if b.breaks() {
					c.Close()
				}
			})
			c.PassOn()
		}
		undo = func() {
			once.Do(func() {}) // the scrape may end before all of it has happened
			undoing()
		}
	}
	r.gate.Script(last, script)
	return func() {
		r.gate.Script(last, nil)
		undo()
		r.proxy.Reset()
	}
}

// breaks reports whether the connection on which the fault comes goes with it.
func (b badSentinel) breaks() bool { return b.name != "SIGSTOP" }

// sees checks what the scrape says of the target.
func (r *faultRig) sees(before, got scrape, want reaction) {
	r.t.Helper()
	was, is := before.failed(r.target), got.failed(r.target)
	reasons := map[string]bool{}
	for key, n := range is {
		more := n - was[key]
		ok, shown := got.values[fmt.Sprintf("command_success{command=%q,sentinel=%q}", key[1], r.target)]
		switch {
		case more != 0 && more != 1:
			r.t.Errorf("%v went from %v to %v in one scrape", key, was[key], n)
		case more == 1 && (!shown || ok != 0):
			r.t.Errorf("%s failed for %s, and is a success", key[1], key[0])
		case more == 1:
			reasons[key[0]] = true
		}
	}
	reason := strings.Join(slices.Sorted(maps.Keys(reasons)), " and ")
	if !slices.Contains(want.reasons, reason) {
		r.t.Errorf("the reason is %q, want one of %q", reason, want.reasons)
	}
	up := want.up && reason != "protocol"
	if got.up(r.target) != up {
		r.t.Errorf("up is %v, want %v", got.up(r.target), up)
	}
	said := 0
	for series := range got.of(r.target) {
		if family, _, _ := strings.Cut(series, "{"); !slices.Contains(ofTheDead, family) {
			said++
		}
	}
	if up != (said > 0) {
		r.t.Errorf("%d samples are there of what only it can say, and up is %v", said, up)
	}
}

// ofTheDead is what there is of a Sentinel that has not answered.
var ofTheDead = []string{"up", "scrape_duration_seconds", "command_success", "command_errors_total"}

// othersAreThere checks that the other Sentinels' samples are all there.
func (r *faultRig) othersAreThere(before, got scrape) {
	r.t.Helper()
	for _, addr := range r.others {
		if !got.up(addr) {
			r.t.Errorf("%s is not up", addr)
		}
		r.same(before.of(addr), got.of(addr), regexp.MustCompile(`.`))
		if !maps.Equal(before.failed(addr), got.failed(addr)) {
			r.t.Errorf("%s has failures", addr)
		}
	}
}

// inMotion are the families whose values are not the same in two scrapes of a
// deployment that is well.
var inMotion = regexp.MustCompile(`_seconds|_total|_bytes|_clients|_pending_commands`)

// rightAgain checks the scrape after the repair.
func (r *faultRig) rightAgain(faulty scrape) {
	r.t.Helper()
	got := r.patient()
	if !got.up(r.target) {
		r.t.Error("the target is not up after the repair")
	}
	if was, is := faulty.failed(r.target), got.failed(r.target); !maps.Equal(was, is) {
		r.t.Errorf("there are failures after the repair: %v, before it %v", is, was)
	}
	r.same(r.healthy, got.of(r.target), inMotion)
}

// mayCome reports whether a fault may leave a series that was not there: its count, for some
// minutes that the command is a success again, and what other Sentinels saw of it.
func mayCome(series string, value float64) bool {
	switch family, _, _ := strings.Cut(series, "{"); family {
	case "command_success":
		return value == 1
	case "command_errors_total", "peer_ok", "peer_sdown", "peer_disconnected":
		return true
	}
	return false
}

// same checks that the same series are there, but for those that may come, and that their
// values are the same, unless they are in motion.
func (r *faultRig) same(want, got map[string]float64, moving *regexp.Regexp) {
	r.t.Helper()
	for series, value := range want {
		family, _, _ := strings.Cut(series, "{")
		switch is, found := got[series]; {
		case !found:
			r.t.Errorf("%s is not there", series)
		case is != value && !moving.MatchString(family):
			r.t.Errorf("%s is %v, want %v", series, is, value)
		}
	}
	for series, value := range got {
		if _, found := want[series]; !found && !mayCome(series, value) {
			r.t.Errorf("%s was not there before", series)
		}
	}
}

// keptNothing checks what the faults have cost the exporter.
func (r *faultRig) keptNothing() {
	heap := r.patient().values["go_memstats_heap_sys_bytes"]
	if heap == 0 || heap > mostHeap {
		r.t.Errorf("the heap took %v MiB", heap/(1<<20))
	}
	r.t.Logf("the heap took %v MiB at most", heap/(1<<20))
	var now scrape
	sentineltest.WaitFor(r.t, "goroutines and files to be what they were", func() bool {
		now = r.patient()
		return now.values["go_goroutines"] <= r.goroutines && now.values["process_open_fds"] <= r.files
	})
}
