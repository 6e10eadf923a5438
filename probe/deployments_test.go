package probe

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// put writes a file of a configuration and returns its path.
func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParseDeployments(t *testing.T) {
	t.Parallel()
	c, err := Parse([]byte(`
allowed_targets: []
modules:
  slow: {timeout: 9s}
deployments:
  orders:
    sentinels: [10.0.0.2, "10.0.0.1:5000", "[::1]:7"]
    module: slow
    labels: {team: shop}
    discover_peers: true
  the carts:
    sentinels: [carts.example.com]
`), "")
	if err != nil {
		t.Fatal(err)
	}
	orders, carts := c.Deployments["orders"], c.Deployments["the carts"]
	if diff := cmp.Diff([]string{"10.0.0.2:26379", "10.0.0.1:5000", "[::1]:7"}, orders.Sentinels); diff != "" {
		t.Errorf("not as given (-want +got):\n%s", diff)
	}
	if orders.Module() != c.Module("slow") || !orders.DiscoverPeers || orders.Labels["team"] != "shop" {
		t.Errorf("got %+v", orders)
	}
	if carts.Module() != c.Module("") || carts.DiscoverPeers {
		t.Errorf("got %+v", carts)
	}
	if orders.Options().Allowed != nil {
		t.Error("allowed_targets, which is for requests, is for the file's own Sentinels, too")
	}
	for _, want := range []string{"orders:", "- 10.0.0.1:5000", "team: shop", "discover_peers: true", "module: slow"} {
		if printed := c.String(); !strings.Contains(printed, want) {
			t.Errorf("%q is not printed:\n%s", want, printed)
		}
	}
}

// Each mistake is told in one line, with the file and the line in it.
func TestDeploymentMistakes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"no Sentinel", "deployments:\n  a:\n    sentinels: []", "line 3: deployments: a: sentinels: a deployment needs at least one Sentinel"},
		{"no list", "deployments:\n  a:\n    module: m\nmodules: {m: {}}", "line 3: deployments: a: sentinels: a deployment needs at least one Sentinel"},
		{"nothing", "deployments:\n  a:", "line 2: deployments: a: the value is missing"},
		{"twice", "deployments:\n  a: {sentinels: [x]}\n  a: {sentinels: [y]}", "line 3: deployments: a is given twice"},
		{"a Sentinel twice", "deployments:\n  a:\n    sentinels: [x, 'x:26379']", "line 3: deployments: a: sentinels: address 2: it is given twice"},
		{"no address", "deployments:\n  a:\n    sentinels: ['x:y']", "line 3: deployments: a: sentinels:"},
		{"unknown module", "modules: {production: {}}\ndeployments:\n  a:\n    sentinels: [x]\n    module: prodution", "line 5: deployments: a: module: there is no such module: is it production?"},
		{"unknown field", "deployments:\n  a:\n    sentinel: [x]", "line 3: deployments: a: sentinel: there is no such field"},
		{"no name", "deployments:\n  '': {sentinels: [x]}", "line 2: deployments: : a deployment needs a name"},
		{"a name that cannot be seen", "deployments:\n  \"a\\nb\": {sentinels: [x]}", "characters that can be seen"},
		{"a label of Prometheus", "deployments:\n  a:\n    sentinels: [x]\n    labels: {__address__: y}", `line 4: deployments: a: labels: "__address__" is not the name of a label`},
		{"the label of the name", "deployments:\n  a:\n    sentinels: [x]\n    labels: {deployment: y}", "line 4: deployments: a: labels: the label deployment is the name of the deployment"},
		{"a file of another kind", "deployment_files:\n  - a.yml\n  - a.txt", "line 3: deployment_files: entry 2: the name must end with"},
		{"a pattern", "deployment_files: ['[a.yml']", "line 1: deployment_files: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := put(t, t.TempDir(), "config.yml", tc.text)
			_, err := Open(path)
			if err == nil || !strings.HasPrefix(err.Error(), path+": line ") || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func names(f *File) []string { return sortedNames(f.Deployments()) }

// TestDeploymentFiles: they are read again when they change; one with a mistake keeps what it
// said, also when the main file is read again; and each mistake is returned once.
func TestDeploymentFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	main := put(t, dir, "config.yml", "modules: {m: {}}\ndeployment_files: ['d/*.yml', 'd/*.json']\ndeployments:\n  own: {sentinels: [x]}\n")
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "d/a.yml", "a1: {sentinels: [x], module: m}\na2: {sentinels: [x]}\n")
	b := put(t, dir, "d/b.json", "{\n\t\"b\\/1\": {\"sentinels\": [\"\\u0078\"], \"labels\": {\"path\": \"c:\\\\/\\\"\"}}\n}\n")
	f, err := Open(main)
	if err != nil {
		t.Fatal(err)
	}
	check := func(step string, wantErr string, err error, want ...string) {
		t.Helper()
		if (err == nil) != (wantErr == "") || err != nil && !strings.Contains(err.Error(), wantErr) {
			t.Errorf("%s: got the error %v, want %q", step, err, wantErr)
		}
		if diff := cmp.Diff(want, names(f)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
	check("at first", "", nil, "a1", "a2", "b/1", "own")
	if got := f.Deployments()["b/1"]; got.Labels["path"] != `c:\/"` || got.Sentinels[0] != "x:26379" {
		t.Errorf("from JSON: got %+v", got)
	}
	if changed, err := f.Refresh(); changed || err != nil {
		t.Errorf("nothing has changed: got %t, %v", changed, err)
	}

	put(t, dir, "d/b.json", "{\"b2\": {\"sentinels\": [\"x\"]}}")
	_, err = f.Refresh()
	check("another content", "", err, "a1", "a2", "b2", "own")

	put(t, dir, "d/b.json", "{\n\"b3\": {\"sentinels\": [\"x\"],}}")
	_, err = f.Refresh()
	check("no JSON", b+": line 2: ", err, "a1", "a2", "b2", "own")
	if _, last := f.Loaded(); last {
		t.Error("the last file could not be used, and it does not say so")
	}
	if _, err = f.Refresh(); err != nil {
		t.Errorf("the same mistake is returned again: %v", err)
	}
	put(t, dir, "config.yml", "deployment_files: ['d/*.yml', 'd/*.json']\n")
	err = f.Reload()
	check("without the module", `d/a.yml: line 1: a1: module: there is no such module`, err, "a2", "b2")

	put(t, dir, "d/b.json", "{\"a2\": {\"sentinels\": [\"x\"]}, \"b4\": {\"sentinels\": [\"x\"]}}")
	_, err = f.Refresh()
	check("a name twice", b+": line 1: the deployment a2 is also in line 2 of "+filepath.Join(dir, "d/a.yml"), err, "a2", "b4")

	put(t, dir, "config.yml", "nonsense: 1\n")
	err = f.Reload()
	check("a main file with a mistake", "line 1: nonsense", err, "a2", "b4")
	if err := os.Remove(filepath.Join(dir, "d/a.yml")); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "config.yml", "deployment_files: ['d/*.yml', 'd/*.json']\n")
	err = f.Reload()
	check("all in order", "", err, "a2", "b4")
	if _, last := f.Loaded(); !last {
		t.Error("all is in order, and it says that it is not")
	}
	if _, err := Open(put(t, dir, "other.yml", "deployment_files: ['d/*.json']\ndeployments: {a2: {sentinels: [x]}}")); err == nil || !strings.Contains(err.Error(), "a2") {
		t.Errorf("at the start a name may be given twice: %v", err)
	}
}

// TestEmptyDeploymentFile: for a moment a file that is written is empty, and its deployments stay.
func TestEmptyDeploymentFile(t *testing.T) {
	t.Parallel()
	for name, full := range map[string]string{"a.yml": "a: {sentinels: [x]}\n", "a.json": `{"a": {"sentinels": ["x"]}}`} {
		dir := t.TempDir()
		path := put(t, dir, name, full)
		f, err := Open(put(t, dir, "config.yml", "deployment_files: ["+name+"]\n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, nothing := range []string{"", "\n", "null"} {
			put(t, dir, name, nothing)
			if changed, err := f.Refresh(); !changed || err == nil || !strings.HasPrefix(err.Error(), path+": line ") {
				t.Errorf("%s of %q: got %t, %v", name, nothing, changed, err)
			}
			if diff := cmp.Diff([]string{"a"}, names(f)); diff != "" {
				t.Errorf("%s of %q (-want +got):\n%s", name, nothing, diff)
			}
			put(t, dir, name, full)
			if _, err := f.Refresh(); err != nil {
				t.Error(err)
			}
		}
		put(t, dir, name, "{}")
		if _, err := f.Refresh(); err != nil || len(names(f)) != 0 {
			t.Errorf("%s without deployments: got %q, %v", name, names(f), err)
		}
	}
}

// TestSame: what a reload leaves as it is, and what it does not.
func TestSame(t *testing.T) {
	t.Parallel()
	dir := files(t)
	one := func(module, more string) *Deployment {
		t.Helper()
		c, err := Parse([]byte("allowed_targets: []\nmodules:\n  m: {"+module+"}\ndeployments:\n  a: {sentinels: [x], module: m"+more+"}"), dir)
		if err != nil {
			t.Fatal(err)
		}
		return c.Deployments["a"]
	}
	const (
		nodes    = "nodes: {username: me, password_file: password, tls_config: {ca_file: tls/ca.crt}}"
		settings = "password_file: password, tls_config: {ca_file: tls/ca.crt}, timeout: 2s, " + nodes
	)
	before := one(settings, "")
	for _, same := range []*Deployment{one(settings, ""), one(settings, ", labels: {a: b}")} {
		if !before.Same(same) {
			t.Error("it would be connected to anew")
		}
	}
	ca := read(t, dir, "tls/ca.crt")
	for what, other := range map[string]*Deployment{
		"timeout":  one(strings.Replace(settings, "2s", "3s", 1), ""),
		"password": one(strings.Replace(settings, "password_file: password, ", "", 1), ""),
		"peers":    one(settings, ", discover_peers: true"),
		"no nodes": one(strings.Replace(settings, nodes, "", 1), ""),
		"user":     one(strings.Replace(settings, "username: me", "username: you", 1), ""),
		"TLS":      one(strings.Replace(settings, nodes, "nodes: {username: me, password_file: password}", 1), ""),
	} {
		if before.Same(other) {
			t.Errorf("another %s is not noticed", what)
		}
	}
	put(t, dir, "tls/ca.crt", ca+ca)
	if before.Same(one(settings, "")) {
		t.Error("another CA file is not noticed")
	}
}

func TestSimilar(t *testing.T) {
	t.Parallel()
	all := []string{"orders-production", "orders-staging", "carts", "Search", "payments"}
	for name, want := range map[string][]string{
		"orders":           {"orders-production", "orders-staging"},
		"order-production": {"orders-production"},
		"cart":             {"carts"},
		"cratS":            {"carts"},
		"search":           {"Search"},
		"something-else":   nil,
		"":                 nil,
		"orders-prodction": {"orders-production"},
	} {
		if diff := cmp.Diff(want, Similar(name, slices.Clone(all))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
}
