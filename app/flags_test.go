package app

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/alecthomas/units"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/collector"
	"redis_sentinel_exporter/web"
)

// ownFlags are all flags but those that kingpin adds.
func ownFlags(t *testing.T) []*kingpin.FlagModel {
	t.Helper()
	app := newApp(&programFlags{})
	if _, err := app.ParseContext(nil); err != nil { // fills in the variables
		t.Fatal(err)
	}
	return slices.DeleteFunc(app.Model().Flags, func(f *kingpin.FlagModel) bool {
		return f.Hidden || f.Name == "help" || f.Name == "version"
	})
}

// otherValue is one that the flag takes and that is not its default.
func otherValue(f *kingpin.FlagModel) string {
	switch {
	case f.Name == "log.level":
		return "debug"
	case f.Name == "log.format":
		return "json"
	case f.Name == "web.max-requests", f.Name == "probe.max-connections", f.Name == "fleet.max-connections", f.Name == "preflight.certificate-days":
		return "7"
	case f.Name == "sentinel.timeout", f.Name == "timeout-offset", f.Name == "probe.idle-timeout", f.Name == "role.grace":
		return "7s"
	case f.Name == "fleet.shard":
		return "2/5"
	case f.Name == "web.external-url":
		return "https://exporter/prefix"
	case f.Name == "sentinel.reply-memory", f.Name == "history.max-size":
		return "7MiB"
	case f.Name == "history.max-age":
		return "5d"
	case f.Name == "host-map":
		return "10.0.0.1:6379=a"
	case f.IsBoolFlag() && slices.Contains(f.Default, "true"):
		return "false"
	case f.IsBoolFlag():
		return "true"
	default:
		return "/" + f.Name
	}
}

func TestEveryFlagHasAVariable(t *testing.T) {
	for _, flag := range ownFlags(t) {
		t.Run(flag.Name, func(t *testing.T) {
			if flag.Name == "deployment" { // a variable that is left set would lead a command to another deployment
				if flag.Envar != "" {
					t.Errorf("the variable is %q", flag.Envar)
				}
				return
			}
			variable := "REDIS_SENTINEL_EXPORTER_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(flag.Name))
			if flag.Envar != variable {
				t.Errorf("the variable is %q, want %q", flag.Envar, variable)
			}
			want := otherValue(flag)
			t.Setenv(variable, want)
			app := newApp(&programFlags{})
			if _, _, err := parse(app, nil); err != nil {
				t.Fatal(err)
			}
			if got := app.GetFlag(flag.Name).Model().Value.String(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// All flags at once, so that one that fills the wrong field is seen.
func TestFlagsFillTheirFields(t *testing.T) {
	var args []string
	for _, flag := range ownFlags(t) {
		switch value := otherValue(flag); {
		case !flag.IsBoolFlag():
			args = append(args, "--"+flag.Name+"="+value)
		case value == "true":
			args = append(args, "--"+flag.Name)
		default:
			args = append(args, "--no-"+flag.Name)
		}
	}
	var f programFlags
	if _, _, err := parse(newApp(&f), args); err != nil {
		t.Fatal(err)
	}
	for _, field := range []struct {
		name      string
		got, want any
	}{
		{"addresses", f.sentinel.addresses, []string{"/sentinel.address"}},
		{"peers", f.sentinel.discover, true},
		{"username", f.sentinel.username, "/sentinel.username"},
		{"password file", f.sentinel.passwordFile, "/sentinel.password-file"},
		{"TLS", f.sentinel.tls.on, true},
		{"CA", f.sentinel.tls.config.CAFile, "/sentinel.tls-ca-file"},
		{"certificate", f.sentinel.tls.config.CertFile, "/sentinel.tls-cert-file"},
		{"key", f.sentinel.tls.config.KeyFile, "/sentinel.tls-key-file"},
		{"server name", f.sentinel.tls.config.ServerName, "/sentinel.tls-server-name"},
		{"skip verify", f.sentinel.tls.config.InsecureSkipVerify, true},
		{"user of the nodes", f.node.username, "/node.username"},
		{"password file of the nodes", f.node.passwordFile, "/node.password-file"},
		{"TLS to the nodes", f.node.tls, true},
		{"certificates", f.certificateDays, 7},
		{"collector", f.collector, collector.Options{Replicas: false, Peers: false, InfoCache: true}},
		{"timeout", f.sentinel.timeout, 7 * time.Second},
		{"reply memory", f.sentinel.replyMemory, 7 * units.MiB},
		{"web", f.web, web.Options{
			TelemetryPath: "/web.telemetry-path", MaxRequests: 7, TimeoutOffset: 7 * time.Second,
			DisableExporterMetrics: true, EnableLifecycle: true,
		}},
		{"grace", f.roleGrace, 7 * time.Second},
		{"history", f.history, historyFlags{"/history.file", 7 * units.MiB, model.Duration(5 * 24 * time.Hour)}},
		{"hosts", f.hosts, canstop.HostMap{"10.0.0.1:6379": "a"}},
		{"configuration", f.probe.configFile, "/config.file"},
		{"probes", f.probe.options, web.ProberOptions{MaxConnections: 7, IdleTimeout: 7 * time.Second}},
		{"deployment", *f.fleet.deployment, "/deployment"},
		{"Sentinels of the deployments", f.fleet.maxConnections, 7},
		{"shard", f.fleet.shard.String(), "2/5"},
		{"external URL", f.fleet.externalURL.String(), "https://exporter/prefix"},
		{"admin address", f.admin.listen, []string{"/admin.listen-address"}},
		{"admin configuration", f.admin.configFile, "/admin.config.file"},
		{"listen", *f.listen.WebListenAddresses, []string{"/web.listen-address"}},
		{"web config", *f.listen.WebConfigFile, "/web.config.file"},
		{"log level", f.log.Level.String(), "debug"},
		{"log format", f.log.Format.String(), "json"},
	} {
		if diff := cmp.Diff(field.want, field.got, cmp.AllowUnexported(historyFlags{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field.name, diff)
		}
	}
}

func TestDefaults(t *testing.T) {
	var f programFlags
	if _, _, err := parse(newApp(&f), nil); err != nil {
		t.Fatal(err)
	}
	want := web.Options{TelemetryPath: "/metrics", MaxRequests: 40, TimeoutOffset: 500 * time.Millisecond}
	if diff := cmp.Diff(want, f.web); diff != "" {
		t.Errorf("web (-want +got):\n%s", diff)
	}
	if f.sentinel.timeout != 5*time.Second {
		t.Errorf("the timeout is %s", f.sentinel.timeout)
	}
	if diff := cmp.Diff(web.ProberOptions{MaxConnections: 4000, IdleTimeout: 5 * time.Minute}, f.probe.options); diff != "" {
		t.Errorf("probes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(collector.Options{Replicas: true, Peers: true, Events: true}, f.collector); diff != "" {
		t.Errorf("collector (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{":9355"}, *f.listen.WebListenAddresses); diff != "" {
		t.Errorf("listen (-want +got):\n%s", diff)
	}
	if err := f.check(); err != nil {
		t.Error(err)
	}
}

func TestHelpListsAllFlags(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}, {"serve", "--help"}} {
		stdout, stderr, status := runAlone(t, args...)
		if status != 0 || stderr != "" {
			t.Errorf("%v: got the exit code %d and on stderr %q", args, status, stderr)
		}
		for _, flag := range ownFlags(t) {
			if !strings.Contains(stdout, flag.Name) || !strings.Contains(stdout, flag.Envar) {
				t.Errorf("%v: %s or its variable is missing", args, flag.Name)
			}
		}
		if args[0] != "serve" && !strings.Contains(stdout, "\nCommands:\n") {
			t.Errorf("%v: the commands are missing", args)
		}
		if n := strings.Count(stdout, "usage: "); n != 1 {
			t.Errorf("%v: printed %d times", args, n)
		}
	}
}

// Variables that containers and Kubernetes set must not be taken for flags.
func TestForeignVariables(t *testing.T) {
	for variable, value := range map[string]string{
		"VERSION": "1.2.3", "HELP": "me", "HELP_LONG": "x", "HELP_MAN": "x", "COMPLETION_BASH": "true",
		"PORT": "tcp://10.0.0.1:9355", "SERVICE_HOST": "10.0.0.1", "SERVICE_PORT": "9355", "PORT_9355_TCP_ADDR": "10.0.0.1",
	} {
		t.Setenv("REDIS_SENTINEL_EXPORTER_"+variable, value)
	}
	stdout, stderr, status := runAlone(t, "--version")
	if status != 0 || stderr != "" || !strings.HasPrefix(stdout, "redis_sentinel_exporter, version ") {
		t.Errorf("--version: got %d, %q, %q", status, stdout, stderr)
	}
	if command, _, err := parse(newApp(&programFlags{}), nil); command != serveCommand || err != nil {
		t.Errorf("no arguments: got the command %q, %v", command, err)
	}
}

func TestAddresses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		values []string
		want   []string
	}{
		{"one", []string{"a:1"}, []string{"a:1"}},
		{"several flags", []string{"a:1", "b:2"}, []string{"a:1", "b:2"}},
		{"commas", []string{"a:1,b:2", "c:3"}, []string{"a:1", "b:2", "c:3"}},
		{"blanks and empty parts", []string{" a:1 , ,b:2,", ""}, []string{"a:1", "b:2"}},
		{"IPv4", []string{"10.0.0.1:26379"}, []string{"10.0.0.1:26379"}},
		{"IPv6", []string{"[::1]:26379,[fe80::1%eth0]:1"}, []string{"[::1]:26379", "[fe80::1%eth0]:1"}},
		{"names", []string{"Redis-1.my_ns.svc.:26379"}, []string{"redis-1.my_ns.svc.:26379"}},
		{"port with zeros", []string{"a:0080"}, []string{"a:80"}},
		{"the largest port", []string{"a:65535"}, []string{"a:65535"}},
	} {
		got, err := parseAddresses(tc.values)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestAddressesFromTheVariable(t *testing.T) {
	for _, value := range []string{"a:1\nb:2", "a:1,b:2", "a:1\r\nb:2\n", "a:1,\nb:2"} {
		t.Setenv("REDIS_SENTINEL_EXPORTER_SENTINEL_ADDRESS", value)
		var f programFlags
		if _, _, err := parse(newApp(&f), nil); err != nil {
			t.Fatal(err)
		}
		got, err := parseAddresses(f.sentinel.addresses)
		if err != nil {
			t.Errorf("%q: %v", value, err)
		}
		if diff := cmp.Diff([]string{"a:1", "b:2"}, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", value, diff)
		}
	}
}

func TestWhoIsAsked(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"127.0.0.1:26379"}},
		{[]string{"--config.file=a.yml"}, nil},
		{[]string{"--config.file=a.yml", "--sentinel.address=a:1"}, []string{"a:1"}},
		{[]string{"--sentinel.address=a:1"}, []string{"a:1"}},
	} {
		var f programFlags
		if _, _, err := parse(newApp(&f), tc.args); err != nil {
			t.Fatal(err)
		}
		got, err := f.addresses()
		if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got):\n%s", tc.args, err, diff)
		}
	}
}

func TestFlagWinsOverItsVariable(t *testing.T) {
	t.Setenv("REDIS_SENTINEL_EXPORTER_SENTINEL_ADDRESS", "variable:1")
	var f programFlags
	if _, _, err := parse(newApp(&f), []string{"--sentinel.address=flag:1"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"flag:1"}, f.sentinel.addresses); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPassword(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("from the file\r\n")
	both, fileOnly := sentinelFlags{passwordFile: file}, sentinelFlags{passwordFile: file}
	variable, none := sentinelFlags{}, sentinelFlags{}

	check := func(name string, f sentinelFlags, want string) func() (string, error) {
		t.Helper()
		password, err := f.password()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := password(); got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
		}
		return password
	}
	if got, err := none.password(); got != nil || err != nil {
		t.Errorf("none: got a password, or %v", err)
	}
	read := check("file", fileOnly, "from the file")
	t.Setenv(passwordVariable, "from the variable")
	check("variable", variable, "from the variable")
	check("file and variable", both, "from the file")

	write(" two words \n")
	if got, err := read(); got != " two words " || err != nil {
		t.Errorf("after a change: got %q, %v", got, err)
	}
	write("")
	if _, err := read(); err == nil {
		t.Error("a file that has become empty is taken for no password")
	}
}
