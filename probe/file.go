package probe

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A File is a configuration file that can be reloaded while the program runs.
type File struct {
	path string

	mu     sync.Mutex // guards the fields below
	config *Config
	loaded time.Time // when config was loaded
	failed bool      // whether the last reload failed
}

// Open reads a file. An empty path means an empty file: there are no modules, and every
// target may be asked, without credentials.
func Open(path string) (*File, error) {
	f := &File{path: path}
	return f, f.Reload()
}

// Exists reports whether there is a file.
func (f *File) Exists() bool { return f.path != "" }

// Reload reads the file again. If that fails, the previous configuration stays in use.
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

// Config returns the configuration in use.
func (f *File) Config() *Config {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.config
}

// Loaded returns when the configuration in use was read, and whether the last attempt to
// read it succeeded.
func (f *File) Loaded() (at time.Time, last bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loaded, !f.failed
}
