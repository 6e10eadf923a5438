package admin

import (
	"context"
	"fmt"
	"time"

	"redis_sentinel_exporter/datanode"
	"redis_sentinel_exporter/sentinel"
)

// mostFenced is how long writes to the old master are held up at most. It is down-after if that is
// shorter: a Sentinel takes a node that is paused for longer for dead, as its PUBLISH waits as well.
const mostFenced = 10 * time.Second

// A fence keeps the old master from taking writes that would be lost: they wait until it is a replica, or
// until the failover is given up. If this program dies the pause ends by itself. nil is no fence.
type fence struct {
	job    *job
	conn   *datanode.Conn
	addr   string
	until  time.Time // when the pause ends by itself
	offset int64     // how far the old master had come when it took no more writes
	done   bool      // it follows the new master
	said   string    // why it does not yet

	unpaused bool
}

// raiseFence holds up the writes to a master, and waits until the replica at an address has all that there were;
// an empty address is none. The caller must call lower.
func (j *job) raiseFence(ctx context.Context, m *sentinel.Master, heir string) (*fence, error) {
	o := *j.operator.nodes
	o.Address = m.Advertised()
	f := &fence{job: j, conn: datanode.New(o), addr: o.Address}
	most := min(mostFenced, m.DownAfter.Or(mostFenced))
	f.until = time.Now().Add(most)
	if err := j.within(func(ctx context.Context) error { return f.conn.PauseWrites(ctx, most) })(ctx); err != nil {
		f.conn.Close()
		return nil, fmt.Errorf("%s: %w; nothing was done", f.addr, err)
	}
	j.say(fmt.Sprintf("%s: writes wait, for %s at most", f.addr, most))
	if heir == "" {
		return f, nil
	}
	waiting, cancel := context.WithDeadline(ctx, f.until.Add(-most/2)) // the promotion needs the rest
	defer cancel()
	err := waitUntil(waiting, func() (bool, error) {
		at, err := f.conn.Position(waiting)
		f.offset = at.Offset
		if err != nil {
			return false, err
		}
		i := listed(waiting, at.Replicas, heir)
		switch {
		case i < 0:
			return false, fmt.Errorf("%s lists no replica %s", f.addr, heir)
		case at.Replicas[i].ReplOffset.Value < at.Offset:
			return false, fmt.Errorf("%s is %d bytes behind", heir, at.Offset-at.Replicas[i].ReplOffset.Value)
		}
		return true, nil
	})
	if err != nil {
		f.lower(ctx)
		return nil, fmt.Errorf("%w; the writes go on, and nothing else was done", err)
	}
	return f, nil
}

// close makes the old master a replica of the new one, and lets its clients go on. It can be called again
// until that has been done.
func (f *fence) close(ctx context.Context, now string, heard *watch) {
	if f == nil || f.done {
		return
	}
	if err := f.job.within(func(ctx context.Context) error { return f.conn.Follow(ctx, now) })(ctx); err != nil {
		if text := fmt.Sprintf("%s: not made a replica yet: %v", f.addr, err); text != f.said {
			f.said = text
			f.job.say(text)
		}
		return
	}
	f.done = true
	if at := time.Now(); at.Before(f.until) { // otherwise it has taken writes since
		heard.note(at, sentinel.Some(f.offset))
	} else {
		heard.note(at, sentinel.Number{})
	}
	f.unpause(ctx) // a replica that is paused does not apply the writes of its master either
	f.job.say(fmt.Sprintf("%s: follows %s", f.addr, now))
}

// closeEarly is close while the failover goes on, if the replica has been promoted already.
func (f *fence) closeEarly(ctx context.Context, s *step, heard *watch) {
	if f == nil || f.done {
		return
	}
	replicas, err := f.job.replicas(ctx, s.client)
	if err != nil {
		return // close comes at the end
	}
	for i := range replicas {
		if replicas[i].Flags.Has(sentinel.FlagPromoted) {
			f.close(ctx, replicas[i].Addr, heard)
		}
	}
}

// lower ends the pause, whatever has come of it, and also if ctx has ended.
func (f *fence) lower(ctx context.Context) {
	if f == nil {
		return
	}
	if !f.unpaused {
		f.unpause(context.WithoutCancel(ctx))
	}
	f.conn.Close()
}

func (f *fence) unpause(ctx context.Context) {
	err := f.job.within(f.conn.Unpause)(ctx)
	if f.unpaused = err == nil; err != nil {
		f.job.say(fmt.Sprintf("%s: CLIENT UNPAUSE failed; the pause ends by itself at %s: %v", f.addr, f.until.UTC().Format(time.TimeOnly), err))
	}
}
