package sentineltest

import (
	"encoding/json"
	"fmt"
	"slices"
)

// A Field is one name and its value in a Sentinel's reply.
type Field struct{ Name, Value string }

// A Row is one flat reply of names and values, in the order in which they are sent.
type Row []Field

// Map returns the row without its order.
func (r Row) Map() map[string]string {
	m := make(map[string]string, len(r))
	for _, f := range r {
		m[f.Name] = f.Value
	}
	return m
}

// Get returns the value of a field, "" when it is absent.
func (r Row) Get(name string) string {
	if i := r.index(name); i >= 0 {
		return r[i].Value
	}
	return ""
}

// Names returns the names of the fields in order.
func (r Row) Names() []string {
	names := make([]string, len(r))
	for i, f := range r {
		names[i] = f.Name
	}
	return names
}

// With returns the row with the field set, at its place if it has one, else at the end.
func (r Row) With(name, value string) Row {
	r = slices.Clone(r)
	if i := r.index(name); i >= 0 {
		r[i].Value = value
		return r
	}
	return append(r, Field{name, value})
}

// Without returns the row without a field.
func (r Row) Without(name string) Row {
	return slices.DeleteFunc(slices.Clone(r), func(f Field) bool { return f.Name == name })
}

func (r Row) index(name string) int {
	return slices.IndexFunc(r, func(f Field) bool { return f.Name == name })
}

// UnmarshalJSON reads the flat array [name, value, ...] that redis-cli makes of a RESP2 reply.
func (r *Row) UnmarshalJSON(b []byte) error {
	var flat []string
	if err := json.Unmarshal(b, &flat); err != nil {
		return fmt.Errorf("a reply of names and values: %w", err)
	}
	row, err := rowOf(flat)
	*r = row
	return err
}

// rowOf pairs up alternating names and values.
func rowOf(flat []string) (Row, error) {
	if len(flat)%2 != 0 {
		return nil, fmt.Errorf("a reply of names and values has %d words", len(flat))
	}
	row := make(Row, 0, len(flat)/2)
	for pair := range slices.Chunk(flat, 2) {
		row = append(row, Field{pair[0], pair[1]})
	}
	return row, nil
}
