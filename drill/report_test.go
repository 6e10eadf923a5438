package drill_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"redis_sentinel_exporter/drill"
)

// documented returns the rows of the table of keys in docs/drill.md, by key: the unit and the meaning.
func documented(t *testing.T) map[string][2]string {
	t.Helper()
	page, err := os.ReadFile("../docs/drill.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| key | unit | |\n|---|---|---|\n")
	rows := make(map[string][2]string)
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			break
		}
		rows[strings.Trim(cells[1], "` ")] = [2]string{strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])}
	}
	return rows
}

// keysOf calls found with each key of the JSON of a type, such as "failovers[].loss.risk".
func keysOf(typ reflect.Type, key string, found func(string)) {
	switch typ.Kind() {
	case reflect.Pointer:
		keysOf(typ.Elem(), key, found)
	case reflect.Slice:
		keysOf(typ.Elem(), key+"[]", found)
	case reflect.Struct:
		for field := range typ.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			keysOf(field.Type, strings.TrimPrefix(key+"."+name, "."), found)
		}
	default:
		found(key)
	}
}

// keysIn does it with a value that was decoded from JSON.
func keysIn(value any, key string, found func(string)) {
	switch v := value.(type) {
	case map[string]any:
		for name, value := range v {
			keysIn(value, strings.TrimPrefix(key+"."+name, "."), found)
		}
	case []any:
		for _, value := range v {
			keysIn(value, key+"[]", found)
		}
	default:
		found(key)
	}
}

// TestKeysAreDocumented: docs/drill.md has each key, and no other, with its unit.
func TestKeysAreDocumented(t *testing.T) {
	t.Parallel()
	rows := documented(t)
	keysOf(reflect.TypeFor[drill.Report](), "", func(key string) {
		row, is := rows[key]
		delete(rows, key)
		unit := ""
		for suffix, of := range map[string]string{"_seconds": "s", "_bytes": "bytes", "_offset": "bytes", "_writes": "writes"} {
			if strings.HasSuffix(key, suffix) {
				unit = of
			}
		}
		if !is || row[0] != unit || row[1] == "" {
			t.Errorf("docs/drill.md has %q of %s, which has the unit %q", row, key, unit)
		}
	})
	if len(rows) > 0 {
		t.Errorf("docs/drill.md has keys that there are not: %v", rows)
	}
}

// printed holds what a real drill prints to the table: all keys that it has not as absent at times, and no others.
func (r *rig) printed(report *drill.Report) {
	r.t.Helper()
	text, err := json.Marshal(report)
	if err != nil {
		r.t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		r.t.Fatal(err)
	}
	rows := documented(r.t)
	seen := make(map[string]bool)
	keysIn(value, "", func(key string) {
		seen[key] = true
		if _, is := rows[key]; !is {
			r.t.Errorf("it prints %s, which docs/drill.md does not have", key)
		}
	})
	for key, row := range rows {
		if list := strings.HasSuffix(key, "[]"); !seen[key] && !list && !strings.Contains(row[1], "absent") {
			r.t.Errorf("docs/drill.md has %s, and not that it can be absent; it prints %s", key, text)
		}
	}
}
