package probe

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A File is a configuration file that can be read again while the program runs.
type File struct {
	path string

	mu     sync.Mutex // guards what is below
	config *Config
	loaded time.Time // when the configuration was
	failed bool      // the last try to read it again
}

// Open reads a file. Without a path it is an empty one: then no module is there,
// and every target may be asked without credentials.
func Open(path string) (*File, error) {
	f := &File{path: path}
	return f, f.Reload()
}

// Exists reports whether there is a file.
func (f *File) Exists() bool { return f.path != "" }

// Reload reads the file again. If anything is wrong with it, what it said before
// stays.
func (f *File) Reload() error {
	config, err := f.read()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = err != nil
	if err != nil {
		return err
	}
	f.config, f.loaded = config, time.Now()
	return nil
}

func (f *File) read() (*Config, error) {
	if f.path == "" {
		return Parse(nil, "")
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	config, err := Parse(text, filepath.Dir(f.path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	return config, nil
}

// Config returns what the file says.
func (f *File) Config() *Config {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.config
}

// Loaded tells when the configuration that is in use was read, and whether the
// last try to read it succeeded.
func (f *File) Loaded() (at time.Time, last bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loaded, !f.failed
}
