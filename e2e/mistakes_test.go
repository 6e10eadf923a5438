package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	toolkit "github.com/prometheus/exporter-toolkit/web"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/probe"
)

// strayPassword stands where it does not belong. No host has such a name, so nobody is asked.
const strayPassword = "hunter2$canary"

// strays are ways to write the password in YAML: alone, as what YAML itself takes for something else, and
// as what looks like a pattern, a network, an address or the name of a file of its own.
func strays() []string {
	var all []string
	for _, format := range []string{
		"%s", "!!int %s", "'[%s'", "%s/8", "%s:26379", "'[::1]:%s'", "%s.yml", "'[%s.yml'", "[%[1]s, %[1]s]", "{a: %s}",
	} {
		all = append(all, fmt.Sprintf(format, strayPassword))
	}
	return append(all, "*hunter2canary", "\"\\e"+strayPassword+"\"")
}

// fieldPaths returns the paths to all fields of a struct, below prefix, by the names that they have in YAML; a
// field that has fields is one itself. The key of a map is m.
func fieldPaths(of reflect.Type, prefix []string) [][]string {
	var paths [][]string
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice:
		return fieldPaths(of.Elem(), prefix)
	case reflect.Map:
		within := slices.Concat(prefix, []string{"m"})
		return append(fieldPaths(of.Elem(), within), within)
	case reflect.Struct:
		for field := range of.Fields() {
			if name, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); name != "" {
				within := slices.Concat(prefix, []string{name})
				paths = append(paths, within)
				paths = append(paths, fieldPaths(field.Type, within)...)
			}
		}
	default: // a value has no fields
	}
	return paths
}

// nested writes a value at a path in YAML, with what must be beside it for the value to be looked at.
func nested(path []string, value string) string {
	beside := map[string]string{
		"deployments m": "sentinels: ['127.0.0.1:1']", "modules m": "allowed_targets: []",
		"m cert_file": "key_file: x", "m key_file": "cert_file: x",
	}
	for i, key := range slices.Backward(path) {
		other := ""
		if i > 1 {
			if word := beside[path[i-2]+" "+path[i-1]]; !strings.HasPrefix(word, key+":") && word != "" {
				other = word + ", "
			}
		}
		if value = key + ": " + value; i > 0 {
			value = "{" + other + value + "}"
		}
	}
	return value + "\n"
}

// TestNoValueInMistakes: whatever field of the files a password is written into, it is neither in what config
// check says of the mistake, nor in the answer of /-/reload or the log. The fields are those
// of the structs, so none is forgotten.
func TestNoValueInMistakes(t *testing.T) {
	t.Parallel()
	paths := fieldPaths(reflect.TypeFor[probe.Config](), nil)
	for _, known := range []string{"allowed_targets", "modules m password_file", "modules m tls_config key", "deployments m module", "deployments m labels m"} {
		if !slices.ContainsFunc(paths, func(path []string) bool { return strings.Join(path, " ") == known }) {
			t.Fatalf("%s is not among the fields %q", known, paths)
		}
	}
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	dir := t.TempDir()
	put := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := put("config.yml", "{}")
	e := exportertest.Start(t, "--sentinel.address="+fake.Addr(), "--config.file="+file, "--web.enable-lifecycle")
	client := &adminRig{t: t, adminURL: e.URL}
	// try reloads what is in the file, and reports whether it is refused.
	try := func(text string) bool {
		t.Helper()
		status, body := client.send(call{method: http.MethodPost, path: "/-/reload"})
		_, checked, code := exportertest.Output(t, "config", "check", "--config.file="+file)
		for who, answer := range map[string]string{"/-/reload": body, "config check": checked} {
			if strings.Contains(answer, "hunter2") {
				t.Errorf("%s\n%s: %s", text, who, answer)
			}
		}
		refused := status != http.StatusOK
		if refused != (code != 0) {
			t.Errorf("%s\n/-/reload: %d %s\nconfig check: %d %s", text, status, body, code, checked)
		}
		if refused && !strings.Contains(body, "line ") && !strings.Contains(body, "<value>") {
			t.Errorf("%s\nit is not said where the mistake is: %s", text, body)
		}
		return refused
	}
	refused := make(map[string]int)
	for _, path := range paths {
		for _, stray := range strays() {
			text := nested(path, stray)
			put("config.yml", text)
			if try(text) {
				refused[strings.Join(path, " ")]++
			}
			if path[0] != "deployments" || len(path) == 1 {
				continue
			}
			put("config.yml", "deployment_files: [some.yml]\n")
			more := put("some.yml", strings.TrimPrefix(text, "deployments: "))
			try(text)
			if err := os.Remove(more); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, path := range paths {
		if name := strings.Join(path, " "); refused[name] == 0 {
			t.Errorf("%s: nothing was refused", name)
		}
	}
	if log := e.Stderr.String(); strings.Contains(log, "hunter2") {
		t.Errorf("it is in the log:\n%s", log)
	}
}

// TestNoValueInMistakesOfWebConfig is the same for the files of the listeners.
func TestNoValueInMistakesOfWebConfig(t *testing.T) {
	t.Parallel()
	refused := 0
	paths := fieldPaths(reflect.TypeFor[toolkit.Config](), nil)
	for _, path := range paths {
		for _, stray := range strays() {
			text := nested(path, stray)
			_, stderr, status := exportertest.Output(t, "config", "check", "--web.config.file="+exportertest.TempFile(t, text))
			if strings.Contains(stderr, "hunter2") {
				t.Errorf("%s\n%s", text, stderr)
			}
			refused += status
		}
	}
	if refused < 5*len(paths) {
		t.Errorf("only %d mistakes were refused", refused)
	}
}
