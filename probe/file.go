package probe

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A File is a configuration file that can be reloaded while the program runs, with its
// deployment files, which can change meanwhile.
type File struct {
	path string

	reading sync.Mutex // held while files are read

	mu          sync.Mutex // guards the fields below
	config      *Config
	files       map[string]*deploymentFile
	deployments Deployments
	loaded      time.Time // when config was loaded
	failed      error     // of the last reload of the file
	refused     error     // of the deployment files
}

// Open reads a file. An empty path means an empty file: there are no modules, and every
// target may be asked, without credentials.
func Open(path string) (*File, error) {
	f := &File{path: path}
	return f, f.Reload()
}

// Exists reports whether there is a file.
func (f *File) Exists() bool { return f.path != "" }

// Reload reads the file again, and the deployment files. If that fails, the previous
// configuration stays in use, as far as it has to.
func (f *File) Reload() error {
	f.reading.Lock()
	defer f.reading.Unlock()
	config, err := f.read()
	if err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.failed = err
		return err
	}
	return f.use(config)
}

// Refresh reads the deployment files that have changed. Others than the last time, it reports;
// an error that it has returned before, it does not return again.
func (f *File) Refresh() (changed bool, err error) {
	f.reading.Lock()
	defer f.reading.Unlock()
	f.mu.Lock()
	config, before, files := f.config, f.refused, f.files
	f.mu.Unlock()
	now := config.readDeploymentFiles(filepath.Dir(f.path), files)
	if maps.Equal(now, files) {
		return false, nil
	}
	all, err := config.merge(f.path, now)
	f.mu.Lock()
	f.files, f.deployments, f.refused = now, all, err
	f.mu.Unlock()
	if err != nil && before != nil && err.Error() == before.Error() {
		err = nil
	}
	return true, err
}

// use makes a configuration the one in use.
func (f *File) use(config *Config) error {
	f.mu.Lock()
	first, before := f.config == nil, f.files
	f.mu.Unlock()
	files := config.readDeploymentFiles(filepath.Dir(f.path), before)
	all, err := config.merge(f.path, files)
	if err != nil && first {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.config, f.files, f.deployments = config, files, all
	f.loaded, f.failed, f.refused = time.Now(), nil, err
	return err
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

// Deployments returns the named deployments of the file and its deployment files.
func (f *File) Deployments() Deployments {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.deployments
}

// Deployment returns the deployment with that name. The error names those that resemble it.
func (f *File) Deployment(name string) (*Deployment, error) {
	all := f.Deployments()
	if d := all[name]; d != nil {
		return d, nil
	}
	return nil, UnknownDeployment(name, sortedNames(all))
}

// ErrUnknownDeployment means that no deployment has a name.
var ErrUnknownDeployment = errors.New("there is no deployment")

// UnknownDeployment returns the error about a name that is not among names.
func UnknownDeployment(name string, names []string) error {
	switch similar := Similar(name, names); {
	case len(names) == 0:
		return fmt.Errorf("%w named %q, nor any other: --config.file has none", ErrUnknownDeployment, name)
	case len(similar) > 0:
		return fmt.Errorf("%w named %q: did you mean %s?", ErrUnknownDeployment, name, orOf(similar))
	default:
		return fmt.Errorf("%w named %q, nor one with a name like it, among the %d", ErrUnknownDeployment, name, len(names))
	}
}

func orOf(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Loaded returns when the configuration in use was read, and whether all that was read since
// could be used.
func (f *File) Loaded() (at time.Time, last bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loaded, cmp.Or(f.failed, f.refused) == nil
}
