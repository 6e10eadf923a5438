package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// A jsonMember is one member of a JSON object.
type jsonMember struct {
	name  string
	value json.RawMessage
}

// readObject reads one JSON object and nothing after it. Unlike encoding/json it refuses
// duplicate names, and does not ignore case.
func readObject(text []byte) ([]jsonMember, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, badRequest("the body must be one JSON object")
	}
	var members []jsonMember
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, badRequest("the body is not JSON: %w", err)
		}
		m := jsonMember{name: fmt.Sprint(t)}
		if err := d.Decode(&m.value); err != nil {
			return nil, badRequest("the body is not JSON: %w", err)
		}
		if slices.ContainsFunc(members, func(other jsonMember) bool { return other.name == m.name }) {
			return nil, badRequest("%q is given twice", m.name)
		}
		members = append(members, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, badRequest("the body is not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, badRequest("there is more after the JSON object")
	}
	return members, nil
}

func asText(m jsonMember) (string, error) {
	var text string
	if m.value[0] != '"' || json.Unmarshal(m.value, &text) != nil {
		return "", badRequest("%q must be a string", m.name)
	}
	return text, nil
}

func asInt(m jsonMember) (int, error) {
	n, err := strconv.Atoi(string(m.value))
	if err != nil {
		return 0, badRequest("%q must be a whole number", m.name)
	}
	return n, nil
}

func asPair(m jsonMember) ([]string, error) {
	var pair []*string
	if json.Unmarshal(m.value, &pair) != nil || len(pair) != 2 || pair[0] == nil || pair[1] == nil {
		return nil, badRequest("%q must be an array of two strings", m.name)
	}
	return []string{*pair[0], *pair[1]}, nil
}
