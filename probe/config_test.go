package probe

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/internal/sentineltest"
)

const secret = "canary-secret"

// files makes a directory with a password, certificates and other files.
func files(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := sentineltest.NewCertificates(filepath.Join(dir, "tls")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"password": secret + "\n", "empty": "\n", "no.pem": "no certificate"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, dir, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestParse(t *testing.T) {
	t.Parallel()
	dir := files(t)
	key := strings.ReplaceAll(strings.TrimSpace(read(t, dir, "tls/client.key")), "\n", "\n        ")
	certificate := strings.ReplaceAll(strings.TrimSpace(read(t, dir, "tls/client.crt")), "\n", "\n        ")
	c, err := Parse([]byte(`# all that there is
allowed_targets: [10.0.0.0/8, "::1"]
modules:
  production:
    username: exporter
    password_file: password
    tls_config:
      ca_file: tls/ca.crt
      cert: |
        `+certificate+`
      key: |
        `+key+`
      server_name: sentinel.example.com
      min_version: TLS13
    timeout: 2s500ms
    allowed_targets: ["*.example.com", 192.168.0.1]
    collectors: {peers: false, info_cache: true}
  plain: {}
`), dir)
	if err != nil {
		t.Fatal(err)
	}
	m := c.Module("production")
	o := m.Options()
	password, err := o.Password()
	if err != nil || password != secret || o.Username != "exporter" || !o.InfoCache {
		t.Errorf("it would authenticate as %q with %q, %v, and ask for INFO-CACHE: %t", o.Username, password, err, o.InfoCache)
	}
	if o.TLS == nil || o.TLS.RootCAs == nil || o.TLS.ServerName != "sentinel.example.com" || o.TLS.GetClientCertificate == nil {
		t.Errorf("its TLS is %+v", o.TLS)
	}
	if got, want := time.Duration(m.Timeout), 2500*time.Millisecond; got != want {
		t.Errorf("its timeout is %s, want %s", got, want)
	}
	if diff := cmp.Diff(Collectors{Replicas: true, Peers: false, InfoCache: true}, m.Collectors); diff != "" {
		t.Errorf("its collectors (-want +got):\n%s", diff)
	}
	if err := m.Check([]string{"a.example.com:1", "192.168.0.1:1"}); err != nil {
		t.Error(err)
	}
	for name, module := range map[string]*Module{"plain": c.Module("plain"), "": c.Module("")} {
		if module.Check([]string{"10.1.1.1:1"}) != nil || module.Check([]string{"192.168.0.1:1"}) == nil {
			t.Errorf("module %q does not have the file's targets", name)
		}
		if o := module.Options(); o.Password != nil || o.TLS != nil || o.Username != "" {
			t.Errorf("module %q would send credentials", name)
		}
		if want := (Collectors{Replicas: true, Peers: true}); module.Collectors != want {
			t.Errorf("module %q collects %+v", name, module.Collectors)
		}
	}
	if c.Module("other") != nil {
		t.Error("there is a module that the file does not have")
	}

	printed := c.String()
	for _, unwanted := range []string{secret, "PRIVATE KEY", strings.Fields(key)[3]} {
		if strings.Contains(printed, unwanted) {
			t.Errorf("%q is printed:\n%s", unwanted, printed)
		}
	}
	for _, want := range []string{"key: <secret>", "timeout: 2s500ms", "replicas: true", "peers: false", "- '*.example.com'", "min_version: TLS13"} {
		if !strings.Contains(printed, want) {
			t.Errorf("%q is not printed:\n%s", want, printed)
		}
	}
}

// Each mistake is told with its line, and no value that may be a secret.
func TestParseMistakes(t *testing.T) {
	t.Parallel()
	dir := files(t)
	module := func(lines string) string { return "modules:\n  m:\n    " + lines + "\n" }
	const allowed = "allowed_targets: [10.0.0.0/8]\n    "
	for _, tc := range []struct {
		name, text, want string
	}{
		{"no YAML", "modules:\n  - a: b: c", "line 2: mapping values"},
		{"a tab", "modules:\n\tm: {}", "line 2: found character"},
		{"no mapping", "hush", "line 1: a mapping belongs here"},
		{"two documents", "modules: {}\n---\nmodules: {}", "more than one document"},
		{"unknown field", "# a comment\nmodule: {}", "line 2: module: there is no such field here; there are allowed_targets, deployment_files, deployments, modules"},
		{"twice", "modules: {}\nmodules: {}", "line 2: modules is given twice"},
		{"a list of modules", "modules:\n  - m", "line 2: modules: a mapping belongs here"},
		{"no modules", "modules:\n", "line 1: modules: the value is missing"},
		{"no module", "modules:\n  m:\n", "line 2: modules: m: the value is missing"},
		{"a module twice", "modules:\n  m: {}\n  m: {}", "line 3: modules: m is given twice"},
		{"a module without a name", "modules:\n  \"\": {}", "line 2: modules: : a module needs a name"},
		{"a name that is a list", "modules:\n  [a]: {}", "line 2: modules: a name belongs here"},
		{"unknown field of a module", module("timeout: 1s\n    pasword: hush"), "line 4: modules: m: pasword: there is no such field here; there are allowed_targets, collectors, nodes, password_file"},
		{"a password", module("password: hush"), "line 3: modules: m: password: there is no such field"},
		{"username that is a list", module("username: [hush]"), "line 3: modules: m: username: a value of this kind"},
		{"username alone", module("timeout: 1s\n    username: me"), "line 4: modules: m: username: a username needs a password_file"},
		{"password file that is missing", module(allowed + "password_file: missing"), "line 4: modules: m: password_file: no such file or directory"},
		{"password file that is empty", module(allowed + "password_file: empty"), "line 4: modules: m: password_file: the file is empty"},
		{"password for all", module("\n    password_file: password"), "line 4: modules: m: password_file: whoever"},
		{"timeout that is none", module("timeout: 0s"), "line 3: modules: m: timeout: 0s must be positive"},
		{"timeout that is a word", module("timeout: soon"), "line 3: modules: m: timeout: a duration belongs here"},
		{"negative timeout", module("timeout: -1s"), "line 3: modules: m: timeout: a duration belongs here"},
		{"collector that is unknown", module("collectors:\n      events: true"), "line 4: modules: m: collectors: events: there is no such field here; there are info_cache, peers, replicas"},
		{"collector that is no switch", module("collectors:\n      peers: hush"), "line 4: modules: m: collectors: peers: a value of this kind"},
		{"empty TLS", module("tls_config:\n      # ca_file: ca.crt"), "line 3: modules: m: tls_config: the value is missing"},
		{"TLS that is a switch", module("tls_config: true"), "line 3: modules: m: tls_config: a mapping belongs here"},
		{"unknown field of TLS", module("tls_config:\n      cafile: x"), "line 4: modules: m: tls_config: cafile: there is no such field here; there are ca, ca_file"},
		{"TLS version", module("tls_config:\n      insecure_skip_verify: true\n      min_version: TLS9"), "line 5: modules: m: tls_config: min_version: a version of TLS belongs here"},
		{"TLS versions", module("tls_config: {min_version: TLS13, max_version: TLS12}"), "line 3: modules: m: tls_config: max_version is below min_version"},
		{"certificate without key", module("tls_config: {cert_file: tls/client.crt}"), "line 3: modules: m: tls_config: exactly one of key or key_file"},
		{"CA that is missing", module("tls_config: {ca_file: missing}"), "line 3: modules: m: tls_config: ca_file: no such file or directory"},
		{"CA without PEM", module("tls_config: {ca_file: no.pem}"), "line 3: modules: m: tls_config: the certificate of the authority"},
		{"key of another", module("tls_config: {cert_file: tls/client.crt, key_file: tls/server.key}"), "line 3: modules: m: tls_config: the certificates cannot be used: tls: private key does not match"},
		{"secret of a manager", module("tls_config: {ca_ref: x}"), "line 3: modules: m: tls_config: the certificates cannot be used"},
		{"key that is a list", module("tls_config: {key: [" + secret + "]}"), "line 3: modules: m: tls_config: key: a value of this kind"},
		{"no password of the nodes", module("nodes: {username: hush}"), "line 3: modules: m: nodes: a password_file belongs here"},
		{"password file of the nodes that is missing", module("nodes:\n      password_file: missing"), "line 4: modules: m: nodes: password_file: no such file or directory"},
		{"unknown field of the nodes", module("nodes:\n      password: hush"), "line 4: modules: m: nodes: password: there is no such field here; there are password_file, tls_config, username"},
		{"CA of the nodes that is missing", module("nodes:\n      password_file: password\n      tls_config: {ca_file: missing}"), "line 5: modules: m: nodes: tls_config: ca_file: no such file"},
		{"no nodes", module("nodes:"), "line 3: modules: m: nodes: the value is missing"},
		{"targets that are no list", "allowed_targets: 10.0.0.0/8", "line 1: allowed_targets: a list belongs here"},
		{"target that is a list", "allowed_targets:\n  - [a]", "line 2: allowed_targets: a network or a pattern"},
		{"target with a port", "allowed_targets:\n  - a\n  - b:26379", "line 3: allowed_targets: entry 2: it is neither"},
		{"target that is no network", "allowed_targets: [10.0.0.0/33]", "line 1: allowed_targets: entry 1: it is not a network"},
		{"target with a path", "allowed_targets: [a/b]", "it is not a network"},
		{"IPv4 as IPv6", `allowed_targets: ["::ffff:10.0.0.0/104"]`, "write an IPv4 network as one"},
		{"pattern that does not end", `allowed_targets: ["[a"]`, "line 1: allowed_targets: entry 1: the pattern"},
		{"empty target", `allowed_targets: [""]`, "it is empty"},
		{"target of a module", module("allowed_targets:\n    - 10.0.0.1/x"), "line 4: modules: m: allowed_targets: entry 1: it is not a network"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, err := Parse([]byte(tc.text), dir)
			if err == nil {
				t.Fatalf("it is taken as\n%s", c)
			}
			if !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, want %q in it, in one line", err, tc.want)
			}
			if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), secret) {
				t.Errorf("it quotes what may be a secret: %q", err)
			}
		})
	}
}

// The example of the documentation is a good one.
func TestDocumentedConfiguration(t *testing.T) {
	t.Parallel()
	dir := files(t)
	_, rest, _ := strings.Cut(read(t, filepath.Join("..", "docs"), "probe.md"), "```yaml\n")
	text, _, found := strings.Cut(rest, "```\n")
	text = strings.NewReplacer("/etc/redis_sentinel_exporter/ca.crt", "tls/ca.crt", "/etc/redis_sentinel_exporter/", "").Replace(text)
	c, err := Parse([]byte(text), dir)
	if err != nil || !found {
		t.Fatalf("%v:\n%s", err, text)
	}
	m := c.Module("production")
	if m == nil || m.Options().TLS == nil || m.Check([]string{"a.sentinel.example.com:1"}) != nil || c.Module("tls").Options().TLS == nil {
		t.Error("it does not do what it says")
	}
	if want := newModule().Collectors; m.Collectors != want {
		t.Errorf("the defaults are %+v", want)
	}
	fields := fieldsOf(&TLSConfig{})
	for _, field := range []string{"ca_file", "cert_file", "key_file", "ca", "cert", "key", "server_name", "insecure_skip_verify", "min_version", "max_version"} {
		if fields[field] == nil {
			t.Errorf("there is no %s", field)
		}
	}
}

func TestNothingIsAConfiguration(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "# nothing yet\n", "modules: {}", "---\n"} {
		c, err := Parse([]byte(text), ".")
		if err != nil || c.Module("") == nil || c.Module("").Check([]string{"a:1", "10.0.0.1:1"}) != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "probe.yml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("modules: {a: {}}")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	first, last := f.Loaded()
	if f.Config().Module("a") == nil || !last || time.Since(first) > time.Hour {
		t.Error("it is not loaded")
	}
	write("modules: {b: {}")
	if err := f.Reload(); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
		t.Errorf("a bad file: got %v", err)
	}
	at, last := f.Loaded()
	if f.Config().Module("a") == nil || last || !at.Equal(first) {
		t.Error("the old configuration has not stayed")
	}
	write("modules: {b: {}}")
	if err := f.Reload(); err != nil {
		t.Fatal(err)
	}
	at, last = f.Loaded()
	if f.Config().Module("a") != nil || f.Config().Module("b") == nil || !last || !at.After(first) {
		t.Error("it is not loaded again")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if f.Reload() == nil || f.Config().Module("b") == nil {
		t.Error("a missing file has taken the configuration away")
	}
	if _, err := Open(path); err == nil {
		t.Error("a missing file can be opened")
	}
}

// FuzzParse: whatever the file, the answer is a configuration that can be printed
// and read back, or one line.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "allowed_targets: [10.0.0.0/8, '*.a', ::1]\nmodules: {a: {timeout: 1s, collectors: {peers: no}}}",
		"modules: &a {b: {tls_config: {}}, c: *a}", "a: &a [*a]", "modules: {<<: {a: {}}}", "\xff", "? a\n: b", "modules: {a: !!binary aGk=}",
		"modules: {a: {tls_config: {key: x, cert: y}}}", "modules:\n  a:\n    password_file: /dev/null\n    allowed_targets: ['*']",
	} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "file") {
			return // it would read any file of the machine
		}
		c, err := Parse([]byte(text), dir)
		if err != nil {
			return
		}
		again, err := Parse([]byte(c.String()), dir)
		if err != nil {
			if strings.Contains(c.String(), "<secret>") {
				return
			}
			t.Fatalf("what it prints cannot be read: %v\n%s", err, c)
		}
		if diff := cmp.Diff(c.String(), again.String()); diff != "" {
			t.Errorf("read back (-first +second):\n%s", diff)
		}
	})
}

func TestParseTargets(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		values []string
		want   []string
		err    string
	}{
		{[]string{"b:1", "a:2"}, []string{"a:2", "b:1"}, ""},
		{[]string{"B.example.com"}, []string{"b.example.com:26379"}, ""},
		{[]string{"10.0.0.2,10.0.0.1:1, 10.0.0.3"}, []string{"10.0.0.1:1", "10.0.0.2:26379", "10.0.0.3:26379"}, ""},
		{[]string{"[::1]", "[fd00::1]:1"}, []string{"[::1]:26379", "[fd00::1]:1"}, ""},
		{nil, nil, "no Sentinel is given"},
		{[]string{""}, nil, "no Sentinel is given"},
		{[]string{" , "}, nil, "no Sentinel is given"},
		{[]string{"::1"}, nil, "needs brackets"},
		{[]string{"a:0"}, nil, "1 to 65535"},
		{[]string{"a:x"}, nil, "1 to 65535"},
		{[]string{"http://a:1/"}, nil, "not host:port"},
		{[]string{"a/b"}, nil, "neither a host name nor an IP address"},
		{[]string{"[a]"}, []string{"a:26379"}, ""},
		{[]string{"a b"}, nil, "neither a host name nor an IP address"},
		{[]string{"me:hush@a:1"}, nil, "holds no credentials"},
		{[]string{"me:hush@a"}, nil, "holds no credentials"},
		{[]string{"a", "A:26379"}, nil, "a:26379 is given twice"},
		{[]string{strings.Repeat("a,", 10) + "b"}, nil, "given twice"},
	} {
		got, err := ParseTargets(tc.values)
		if !slices.Equal(got, tc.want) || (err == nil) != (tc.err == "") {
			t.Errorf("%q: got %q, %v", tc.values, got, err)
		}
		if err != nil && (!strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%q: got %q, want %q in it", tc.values, err, tc.err)
		}
	}
	var many []string
	for i := range maxTargets + 1 {
		many = append(many, "a"+strings.Repeat("a", i))
	}
	if _, err := ParseTargets(many); err == nil || !strings.Contains(err.Error(), "more than 64") {
		t.Errorf("%d targets: got %v", len(many), err)
	}
	if _, err := ParseTargets(many[1:]); err != nil {
		t.Errorf("%d targets: %v", len(many)-1, err)
	}
}
