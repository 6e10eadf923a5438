package probe

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// A mistake is an error in the file, with its line. yaml.v3's own strict mode has no line for
// errors of UnmarshalYAML methods, accepts an empty section as absent, and quotes values
// (TestStrictModeOfYAML). A mistake quotes none: a password may stand anywhere.
type mistake struct {
	line int
	path string // the fields and modules that lead to it
	err  error
}

// Error returns the line, the path and the error.
func (m *mistake) Error() string { return fmt.Sprintf("line %d: %s%s", m.line, m.path, m.err) }

// Unwrap returns the error without its place.
func (m *mistake) Unwrap() error { return m.err }

// at gives an error the line of a node, unless it has one.
func at(line int, err error) error {
	if _, known := errors.AsType[*mistake](err); known {
		return err
	}
	return &mistake{line: line, err: err}
}

// within adds a field or module to the path of a mistake.
func within(name string, err error) error {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		name = strconv.Quote(name) // it would end the line
	}
	if m, ok := errors.AsType[*mistake](err); ok {
		m.path = name + ": " + m.path
	}
	return err
}

// pairs calls take with each key and value of a mapping.
func pairs(node *yaml.Node, take func(key string, value *yaml.Node) error) error {
	if node.Kind != yaml.MappingNode {
		return at(node.Line, errors.New("a mapping belongs here, lines of the form key: value"))
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return at(key.Line, errors.New("a name belongs here"))
		}
		if seen[key.Value] {
			return at(key.Line, fmt.Errorf("%s is given twice", key.Value))
		}
		seen[key.Value] = true
		err := errors.New("the value is missing")
		if value.ShortTag() != "!!null" {
			err = take(key.Value, value)
		}
		if err != nil {
			return within(key.Value, at(key.Line, err))
		}
	}
	return nil
}

// decode fills the struct that into points to from a mapping. A field that the struct does
// not have is an error. decode returns the lines of the given fields.
func decode(node *yaml.Node, into any) (lines map[string]int, err error) {
	fields := fieldsOf(into)
	lines = make(map[string]int)
	err = pairs(node, func(key string, value *yaml.Node) error {
		field, known := fields[key]
		if !known {
			return fmt.Errorf("there is no such field here; there are %s", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
		}
		lines[key] = value.Line
		return decodeValue(value, field)
	})
	return lines, err
}

// decodeValue fills what into points to. Errors of others than this package quote the value, so it
// says instead what belongs there.
func decodeValue(value *yaml.Node, into any) error {
	err := value.Decode(into)
	if _, ours := errors.AsType[*mistake](err); ours || err == nil {
		return err
	}
	switch into.(type) {
	case *model.Duration:
		return errors.New("a duration belongs here, such as 500ms or 2s")
	case *config.TLSVersion:
		return errors.New("a version of TLS belongs here, such as TLS12 or TLS13")
	default:
		return errors.New("a value of this kind does not belong here")
	}
}

// fieldsOf returns pointers to the fields of a struct by their names in YAML.
func fieldsOf(into any) map[string]any {
	fields := make(map[string]any)
	v := reflect.ValueOf(into).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if name != "" {
			fields[name] = v.Field(i).Addr().Interface()
		}
	}
	return fields
}

// plain removes the prefix "yaml: " from yaml.v3's errors, and what they quote: a value that begins with *
// is taken for an alias.
func plain(err error) error {
	if _, ours := errors.AsType[*mistake](err); ours {
		return err
	}
	quoted := regexp.MustCompile("'.*'|`.*`")
	return errors.New(quoted.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "<value>"))
}
