package probe

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A mistake is an error with the line that it is in. YAML's own strict mode gives
// no line to what a type's UnmarshalYAML finds, takes an empty section as absent, and
// quotes values, of which some are secrets (TestStrictModeOfYAML).
type mistake struct {
	line int
	path string // of the fields and modules that lead to it
	err  error
}

// Error says where it is, then what it is.
func (m *mistake) Error() string { return fmt.Sprintf("line %d: %s%s", m.line, m.path, m.err) }

// Unwrap returns what it is.
func (m *mistake) Unwrap() error { return m.err }

// at gives an error the line of a node, unless it has one.
func at(line int, err error) error {
	if _, known := errors.AsType[*mistake](err); known {
		return err
	}
	return &mistake{line: line, err: err}
}

// within says in which field or module a mistake is.
func within(name string, err error) error {
	if m, ok := errors.AsType[*mistake](err); ok {
		m.path = name + ": " + m.path
	}
	return err
}

// pairs gives each key of a mapping, and its value, to take.
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
		err := errors.New("it has no value")
		if value.ShortTag() != "!!null" {
			err = take(key.Value, value)
		}
		if err != nil {
			return within(key.Value, at(key.Line, unquoted(err)))
		}
	}
	return nil
}

// decode fills the struct that into points to from a mapping, which may have no
// other fields than it. It returns the lines of those that are given.
func decode(node *yaml.Node, into any) (lines map[string]int, err error) {
	fields := fieldsOf(into)
	lines = make(map[string]int)
	err = pairs(node, func(key string, value *yaml.Node) error {
		field, known := fields[key]
		if !known {
			return fmt.Errorf("there is no such field here; there are %s", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
		}
		lines[key] = value.Line
		return value.Decode(field)
	})
	return lines, err
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

// unquoted puts a plain word in the place of YAML's error about a value of a wrong
// kind, which quotes the value.
func unquoted(err error) error {
	if _, wrong := errors.AsType[*yaml.TypeError](err); wrong {
		return errors.New("a value of this kind does not belong here")
	}
	return err
}

// plain takes YAML's own name off the front of its errors.
func plain(err error) error {
	if _, ours := errors.AsType[*mistake](err); ours {
		return err
	}
	return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
}
