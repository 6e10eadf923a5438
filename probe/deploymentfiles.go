package probe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Globs are patterns of the names of deployment files.
type Globs []string

// UnmarshalYAML reads the patterns.
func (g *Globs) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.SequenceNode {
		return at(node.Line, errors.New("a list belongs here"))
	}
	for i, item := range node.Content {
		if err := checkGlob(item); err != nil {
			return at(item.Line, fmt.Errorf("entry %d: %w", i+1, err))
		}
		*g = append(*g, item.Value)
	}
	return nil
}

func checkGlob(item *yaml.Node) error {
	_, err := filepath.Match(item.Value, "")
	switch {
	case item.Kind != yaml.ScalarNode || item.Value == "":
		return errors.New("the name of a file belongs here, in which * stands for any characters")
	case err != nil:
		return errors.New("the pattern has a [ without its ]")
	case !slices.Contains([]string{".yml", ".yaml", ".json"}, filepath.Ext(item.Value)):
		return errors.New("the name must end with .yml, .yaml or .json")
	}
	return nil
}

// files returns the names of the files that match, sorted.
func (g Globs) files(dir string) []string {
	var files []string
	for _, pattern := range g {
		matches, err := filepath.Glob(inDirectory(dir, pattern))
		if err != nil {
			continue // checkGlob has refused it
		}
		files = append(files, matches...)
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// A deploymentFile is one file with a map of deployments, and what it said when it was last
// in order.
type deploymentFile struct {
	text        []byte // as last read, in order or not
	deployments Deployments
	err         error
}

// parseDeployments parses a file with a map of deployments. In JSON, YAML knows neither \/ nor
// the pairs of \u, so its strings are written anew; the lines stay.
func parseDeployments(path string, text []byte) (Deployments, error) {
	var d Deployments
	if filepath.Ext(path) == ".json" {
		var err error
		if text, err = plainJSON(text); err != nil {
			return nil, err
		}
	}
	err := decodeOne(text, &d)
	if err == nil && d == nil {
		err = at(1, errors.New("there is nothing in it, as while it is written; a file without deployments has {}"))
	}
	return d, err
}

func plainJSON(text []byte) ([]byte, error) {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		line := 1
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			line += bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n"))
		}
		return nil, at(line, errors.New(strings.TrimPrefix(err.Error(), "json: ")))
	}
	var out bytes.Buffer
	for len(text) > 0 {
		begin := bytes.IndexByte(text, '"')
		if begin < 0 {
			break
		}
		end := begin + 1
		for ; text[end] != '"'; end++ {
			if text[end] == '\\' {
				end++
			}
		}
		var word string
		if err := json.Unmarshal(text[begin:end+1], &word); err != nil {
			return nil, err
		}
		out.Write(text[:begin])
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(word); err != nil {
			return nil, err
		}
		out.Truncate(out.Len() - len("\n"))
		text = text[end+1:]
	}
	out.Write(text)
	return out.Bytes(), nil
}

// readDeploymentFiles reads the files of the configuration that have changed since before. The
// deployments of one that cannot be used are those that it had before.
func (c *Config) readDeploymentFiles(dir string, before map[string]*deploymentFile) map[string]*deploymentFile {
	files := make(map[string]*deploymentFile)
	for _, path := range c.DeploymentFiles.files(dir) {
		text, err := os.ReadFile(path) //nolint:gosec // the operator names it
		old := before[path]
		switch {
		case err == nil && old != nil && bytes.Equal(text, old.text):
			files[path] = old
			continue
		case old == nil:
			old = &deploymentFile{}
		}
		f := &deploymentFile{text: text, deployments: old.deployments, err: err}
		if err == nil {
			if d, wrong := parseDeployments(path, text); wrong == nil {
				f.deployments = d
			} else {
				f.err = fmt.Errorf("%s: %w", path, wrong)
			}
		}
		files[path] = f
	}
	return files
}

// merge returns the deployments of the configuration and of its files. What cannot be used is
// left out, and is an error, of which there may be several, joined.
func (c *Config) merge(own string, files map[string]*deploymentFile) (Deployments, error) {
	all, source := make(Deployments), make(map[string]string)
	var errs []error
	add := func(path string, deployments Deployments) {
		for _, name := range sortedNames(deployments) {
			d := *deployments[name] // modules differ from one configuration to the next
			if err := (Deployments{name: &d}).resolve(c); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", path, err))
				continue
			}
			if other, twice := source[name]; twice {
				errs = append(errs, fmt.Errorf("%s: %w", path, at(d.line, fmt.Errorf("the deployment %s is also in line %d of %s", name, all[name].line, other))))
				continue
			}
			all[name], source[name] = &d, path
		}
	}
	add(own, c.Deployments)
	for _, path := range sortedNames(files) {
		if files[path].err != nil {
			errs = append(errs, files[path].err)
		}
		add(path, files[path].deployments)
	}
	return all, errors.Join(errs...)
}
