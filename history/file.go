package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	// MinFileBytes is the least that a File may be allowed to hold.
	MinFileBytes = 64 << 10
	// MaxFileBytes is the most.
	MaxFileBytes = 1 << 30
	// maxPending bounds what waits to be written, in bytes.
	maxPending = 4 << 20
	// maxFileLine is more than any record takes, in bytes.
	maxFileLine = 1 << 20
	// maxLoaded is how much of the end of the file is read at the start, in bytes: it holds far more than is kept in memory.
	maxLoaded = 64 << 20
	// tidyEvery is how often it is looked whether the file has records that are too old.
	tidyEvery = time.Hour
	// firstBytes are those of every line, so that another file is not taken for one of records.
	firstBytes = `{"id":"`
)

var (
	errNotRegular = errors.New("it is not a regular file")
	errForeign    = errors.New("it holds something else than records of failovers")
	errTaken      = errors.New("another process writes it: each exporter needs a file of its own")
	errNoLocks    = errors.New("its file system does not lock it")
	errSlow       = errors.New("records come faster than they can be written")
)

// FileOptions bound what a File holds.
type FileOptions struct {
	MaxBytes int64         // from MinFileBytes to MaxFileBytes
	MaxAge   time.Duration // of a record, since the failover began
}

// A File keeps the records of all deployments on the disk, one line of JSON each. A record that
// changes is written again: of the lines with the same id the last one counts. What cannot be written is
// lost, logged once, and counted; nobody waits for the disk. A nil File keeps nothing.
// It is safe for concurrent use. Of several processes with the same file only one writes it.
type File struct {
	path    string
	options FileOptions
	logger  *slog.Logger
	wake    chan struct{} // closed by Close
	done    chan struct{}

	open     *os.File // for appending, locked; nil if it is not. Only run uses it
	flock    func(*os.File) error
	unlocked bool // it was said that there are no locks

	disk sync.Mutex // held while the file is read or written

	mu      sync.Mutex // guards the fields below
	pending [][]byte   // lines without the line feed
	bytes   int64      // of them
	lost    uint64
	failing bool // as last logged
	closed  bool
}

// OpenFile returns the File at a path. That it cannot be read or written is logged, and no error:
// it may become possible later. Close ends what it starts.
func OpenFile(path string, o FileOptions, logger *slog.Logger) *File {
	f := &File{path: path, options: o, logger: logger.With("file", path), wake: make(chan struct{}, 1), done: make(chan struct{}), flock: lock}
	go f.run()
	return f
}

// Save lets a line be written soon.
func (f *File) Save(line []byte) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := int64(len(line)) + 1
	if f.closed || f.bytes+n > min(maxPending, f.options.MaxBytes/2) {
		f.loseLocked(1, errSlow)
		return
	}
	f.pending = append(f.pending, line)
	f.bytes += n
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Lost returns how many records could not be written since the start, a changed one each time.
func (f *File) Lost() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost
}

// Close writes what is left. What is saved later is lost.
func (f *File) Close() {
	if f == nil {
		return
	}
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		close(f.wake)
	}
	f.mu.Unlock()
	<-f.done
}

// loseLocked takes in that records are lost. The caller has the lock.
func (f *File) loseLocked(records int, err error) {
	f.lost += uint64(records) //nolint:gosec // it is not negative
	if !f.failing {
		f.failing = true
		f.logger.Error("The history file cannot be written: until it can, the records of failovers are kept in memory only", "err", err)
	}
}

// run writes what is saved until Close.
func (f *File) run() {
	defer close(f.done)
	defer f.take(nil)
	tidy := time.NewTicker(tidyEvery)
	defer tidy.Stop()
	f.tidy()
	for {
		select {
		case _, open := <-f.wake:
			f.flush()
			if !open {
				return
			}
		case <-tidy.C:
			f.tidy()
		}
	}
}

// tidy removes what is too old, or not whole.
func (f *File) tidy() {
	f.disk.Lock()
	defer f.disk.Unlock()
	_, err := f.own()
	if f.report(0, err); err != nil {
		return
	}
	if err := f.compact(f.options.MaxBytes); err != nil {
		f.logger.Warn("What is too old stays in the history file", "err", err)
	}
}

// flush writes what waits.
func (f *File) flush() {
	f.mu.Lock()
	lines := f.pending
	f.pending, f.bytes = nil, 0
	f.mu.Unlock()
	if len(lines) == 0 {
		return
	}
	f.disk.Lock()
	written, err := f.write(lines)
	f.disk.Unlock()
	f.report(len(lines)-written, err)
}

// report logs that writing has begun to fail, or works again.
func (f *File) report(lost int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err != nil:
		f.loseLocked(lost, err)
	case f.failing:
		f.failing = false
		f.logger.Info("The history file can be written again", "lost", f.lost)
	}
}

// write appends lines, and returns how many of them are in the file. The caller has the disk.
func (f *File) write(lines [][]byte) (written int, err error) {
	text := append(bytes.Join(lines, []byte("\n")), '\n')
	size, err := f.own()
	if err != nil {
		return 0, err
	}
	if size+int64(len(text)) > f.options.MaxBytes-1 {
		if err := f.compact(f.options.MaxBytes / 2); err != nil {
			return 0, fmt.Errorf("making room: %w", err)
		}
		if size, err = f.own(); err != nil {
			return 0, err
		}
	}
	if torn, err := endsTorn(f.open, size); err != nil {
		return 0, err
	} else if torn {
		text = append([]byte("\n"), text...)
	}
	n, err := f.open.Write(text)
	if err == nil {
		err = f.open.Sync()
	}
	if err != nil {
		return bytes.Count(bytes.TrimPrefix(text[:n], []byte("\n")), []byte("\n")), err
	}
	return len(lines), nil
}

// own makes sure that the file is open and nobody else writes it, and returns its size. It may have been moved away meanwhile.
// The caller has the disk.
func (f *File) own() (size int64, err error) {
	if f.open == nil || !f.isAt(f.open) {
		file, _, err := f.openAs(os.O_RDWR | os.O_CREATE | os.O_APPEND)
		if err != nil {
			return 0, err
		}
		if err := f.lock(file); err != nil {
			_ = file.Close()
			return 0, err
		}
		f.take(file)
		if !f.isAt(file) { // who had it has just replaced it
			return 0, errTaken
		}
	}
	return check(f.open)
}

// lock locks a file, where the file system does that.
func (f *File) lock(file *os.File) error {
	err := f.flock(file)
	if !errors.Is(err, errNoLocks) {
		return err
	}
	if !f.unlocked {
		f.unlocked = true
		f.logger.Warn("The history file cannot be locked: make sure that no other exporter writes to it", "err", err)
	}
	return nil
}

// isAt reports whether an open file is the one at the path.
func (f *File) isAt(file *os.File) bool {
	open, err := file.Stat()
	at, errAt := os.Stat(f.path)
	return err == nil && errAt == nil && os.SameFile(open, at)
}

// take makes another open file, or none, that to which is written. The lock on the one before ends.
func (f *File) take(file *os.File) {
	if f.open != nil {
		_ = f.open.Close()
	}
	f.open = file
}

// openAs opens the file, if it is one of records, and returns its size.
func (f *File) openAs(flag int) (*os.File, int64, error) {
	if info, err := os.Stat(f.path); err == nil && !info.Mode().IsRegular() { // opening a pipe would wait for its other end
		return nil, 0, errNotRegular
	}
	file, err := os.OpenFile(f.path, flag, 0o600)
	if err != nil {
		return nil, 0, err
	}
	size, err := check(file)
	if err != nil {
		_ = file.Close()
		return nil, 0, err
	}
	return file, size, nil
}

// check returns the size of a file, and an error if it is not one of records.
func check(file *os.File) (int64, error) {
	begin := make([]byte, len(firstBytes))
	n, err := file.ReadAt(begin, 0)
	if errors.Is(err, os.ErrPermission) { // it is open: over SMB nobody else reads what is locked
		return 0, errTaken
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if !strings.HasPrefix(firstBytes, string(begin[:n])) {
		return 0, errForeign
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// endsTorn reports whether the last line has no end: somebody was killed, or the disk full.
func endsTorn(file *os.File, size int64) (bool, error) {
	if size == 0 {
		return false, nil
	}
	var last [1]byte
	_, err := file.ReadAt(last[:], size-1)
	return last[0] != '\n', err
}

// compact leaves only what counts: the last line of each record, none that is too old, and at most so many
// bytes, the newest. The new file takes the place of the old one at once. The caller has the disk, and owns the file.
// It reads the file twice, which may be larger than the memory.
func (f *File) compact(limit int64) error {
	file, size, err := f.openAs(os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	oldest := f.oldest()
	type key struct{ deployment, id string }
	last := make(map[key]int) // the line of each record
	var sizes []int64         // of the lines that hold records; 0 for one that goes
	var kept int64
	drop := func(i int) {
		kept -= sizes[i]
		sizes[i] = 0
	}
	torn, err := lines(file, oldest, func(deployment string, line storedLine) {
		k := key{deployment, line.id}
		if before, again := last[k]; again {
			drop(before)
		}
		last[k] = len(sizes)
		sizes = append(sizes, int64(len(line.json))+1)
		kept += sizes[len(sizes)-1]
	})
	if err != nil {
		return err
	}
	if torn > 0 {
		f.logger.Warn("Lines of the history file are not whole: their records are left out", "lines", torn)
	}
	for i := 0; kept > limit; i++ {
		drop(i)
	}
	if kept == size {
		return nil
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	fresh, err := copyLines(f.path+".tmp", file, oldest, sizes)
	if err == nil {
		err = f.lock(fresh) // before others see it
	}
	if err == nil {
		err = os.Rename(f.path+".tmp", f.path)
	}
	if err != nil {
		_ = os.Remove(f.path + ".tmp")
		if fresh != nil {
			_ = fresh.Close()
		}
		return err
	}
	f.take(fresh)
	return nil
}

// copyLines writes those lines of a file that have a size into another one, which can be nil after an error.
func copyLines(path string, from io.Reader, oldest time.Time, sizes []int64) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600) //nolint:gosec // its name follows from a flag
	if err != nil {
		return nil, err
	}
	to, i := bufio.NewWriter(file), 0
	_, err = lines(from, oldest, func(_ string, line storedLine) {
		if sizes[i] > 0 {
			_, _ = to.Write(line.json) // Flush returns the error
			_ = to.WriteByte('\n')
		}
		i++
	})
	return file, errors.Join(err, to.Flush(), file.Sync())
}

// oldest returns when a record must have begun at the earliest.
func (f *File) oldest() time.Time { return time.Now().Add(-f.options.MaxAge) }

// lines calls a function for each line that holds a record which has not begun before oldest, with the record's
// deployment, and returns how many lines hold none.
func lines(file io.Reader, oldest time.Time, each func(deployment string, line storedLine)) (torn int, err error) {
	reader := bufio.NewReaderSize(file, maxFileLine)
	for {
		text, err := reader.ReadSlice('\n')
		overlong := false
		for errors.Is(err, bufio.ErrBufferFull) {
			overlong = true
			_, err = reader.ReadSlice('\n')
		}
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return torn, err
		}
		text = bytes.TrimSpace(text)
		var head struct {
			ID, Deployment, Master string
			Started                time.Time
		}
		switch {
		case len(text) == 0 && !overlong:
		case overlong || json.Unmarshal(text, &head) != nil || head.ID == "":
			torn++
		case !head.Started.Before(oldest):
			each(head.Deployment, storedLine{head.ID, head.Master, head.Started, bytes.Clone(text)})
		}
		if ended {
			return torn, nil
		}
	}
}

// Saved are records of a deployment from before.
type Saved struct{ store store }

// Load returns what the end of the file holds, 64 MiB of it, by the name of the deployment: of each the newest, at most so
// many bytes. A line that is not whole is left out.
func (f *File) Load(maxBytes int) map[string]Saved {
	if f == nil {
		return nil
	}
	f.disk.Lock()
	defer f.disk.Unlock()
	file, size, err := f.openAs(os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	all := make(map[string]Saved)
	if err == nil {
		defer func() { _ = file.Close() }()
		if size > maxLoaded { // the first line is cut off
			_, err = file.Seek(size-maxLoaded, io.SeekStart)
		}
	}
	if err == nil {
		_, err = lines(file, f.oldest(), func(deployment string, line storedLine) {
			s := all[deployment]
			s.store.limit = maxBytes
			s.store.put(line)
			all[deployment] = s
		})
	}
	if err != nil {
		f.logger.Error("The history file cannot be read: the failovers of before are not known", "err", err)
	}
	return all
}
