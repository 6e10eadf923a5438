package e2e_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
)

// Each of these is refused with one line, before anything listens: the address
// given is taken, so that listening would be the error. config check refuses it too.
func TestBadInputIsRefused(t *testing.T) {
	dir := t.TempDir()
	good := newCertificate(t, dir)
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	missing := filepath.Join(dir, "missing")
	noPEM := write("no.pem", "not a certificate")
	empty := write("empty", "\n")
	tls := func(args ...string) []string { return append([]string{"--sentinel.tls"}, args...) }
	one := func(arg string) []string { return []string{arg} }

	for _, tc := range []struct {
		name string
		args []string
		want string // a part of the message
	}{
		{"unknown flag", one("--sentinel.adress=a:1"), "--sentinel.adress"},
		{"flag without a value", one("--sentinel.username"), "sentinel.username"},
		{"flag given twice", []string{"--log.level=info", "--log.level=debug"}, "log.level"},
		{"password flag", one("--sentinel.password=hush"), "--sentinel.password"},

		{"address without port", one("--sentinel.address=localhost"), `"localhost": it is not host:port`},
		{"address with empty port", one("--sentinel.address=localhost:"), "1 to 65535"},
		{"address without host", one("--sentinel.address=:26379"), "neither a host name nor an IP address"},
		{"address with port 0", one("--sentinel.address=a:0"), "1 to 65535"},
		{"address with a large port", one("--sentinel.address=a:65536"), "1 to 65535"},
		{"address with a named port", one("--sentinel.address=a:redis"), "1 to 65535"},
		{"address with a negative port", one("--sentinel.address=a:-1"), "1 to 65535"},
		{"IPv6 without brackets", one("--sentinel.address=::1:26379"), "needs brackets"},
		{"no IPv6 in the brackets", one("--sentinel.address=[::x]:26379"), "neither a host name nor an IP address"},
		{"address that is a URL", one("--sentinel.address=redis://a:26379"), "not host:port"},
		{"address with a path", one("--sentinel.address=a/b:26379"), "neither"},
		{"address with a blank", one("--sentinel.address=a b:26379"), "neither"},
		{"address with credentials", one("--sentinel.address=me:hush@a:26379"), "--sentinel.password-file"},
		{"no address", one("--sentinel.address=,"), "no address"},
		{"bad one among good ones", one("--sentinel.address=a:1,b:2,c"), `"c": it is not host:port`},
		{"duplicate address", []string{"--sentinel.address=a:1", "--sentinel.address=b:1", "--sentinel.address=a:1"}, "a:1 is given twice"},
		{"duplicate in one value", one("--sentinel.address=a:1,A:01"), "a:1 is given twice"},

		{"missing password file", one("--sentinel.password-file=" + missing), missing},
		{"password file that is a directory", one("--sentinel.password-file=" + dir), dir},
		{"empty password file", one("--sentinel.password-file=" + empty), "is empty"},
		{"user without password", one("--sentinel.username=me"), "without a password"},

		{"TLS flag without TLS: CA", one("--sentinel.tls-ca-file=" + good.cert), "without --sentinel.tls"},
		{"TLS flag without TLS: name", one("--sentinel.tls-server-name=a"), "without --sentinel.tls"},
		{"TLS flag without TLS: skip", one("--sentinel.tls-insecure-skip-verify"), "without --sentinel.tls"},
		{"missing CA file", tls("--sentinel.tls-ca-file=" + missing), missing},
		{"CA file without PEM", tls("--sentinel.tls-ca-file=" + noPEM), noPEM},
		{"certificate without key", tls("--sentinel.tls-cert-file=" + good.cert), "--sentinel.tls-key-file"},
		{"key without certificate", tls("--sentinel.tls-key-file=" + good.key), "--sentinel.tls-cert-file"},
		{"missing certificate", tls("--sentinel.tls-cert-file="+missing, "--sentinel.tls-key-file="+good.key), missing},
		{"missing key", tls("--sentinel.tls-cert-file="+good.cert, "--sentinel.tls-key-file="+missing), missing},
		{"certificate without PEM", tls("--sentinel.tls-cert-file="+noPEM, "--sentinel.tls-key-file="+good.key), noPEM},
		{"key without PEM", tls("--sentinel.tls-cert-file="+good.cert, "--sentinel.tls-key-file="+noPEM), noPEM},
		{"certificate and key exchanged", tls("--sentinel.tls-cert-file="+good.key, "--sentinel.tls-key-file="+good.cert), good.key},

		{"timeout that is none", one("--sentinel.timeout=soon"), "--sentinel.timeout"},
		{"timeout without a unit", one("--sentinel.timeout=5"), "--sentinel.timeout"},
		{"no timeout", one("--sentinel.timeout=0s"), "--sentinel.timeout"},
		{"negative timeout", one("--sentinel.timeout=-1s"), "--sentinel.timeout"},
		{"negative offset", one("--timeout-offset=-1ms"), "--timeout-offset"},

		{"telemetry path without /", one("--web.telemetry-path=metrics"), "does not start with /"},
		{"empty telemetry path", one("--web.telemetry-path="), "does not start with /"},
		{"telemetry path of the landing page", one("--web.telemetry-path=/"), "landing page"},
		{"telemetry path of healthy", one("--web.telemetry-path=/-/healthy"), "/-/"},
		{"negative max-requests", one("--web.max-requests=-1"), "--web.max-requests"},
		{"max-requests that is no number", one("--web.max-requests=many"), "--web.max-requests"},
		{"missing web config", one("--web.config.file=" + missing), missing},
		{"web config with an unknown key", one("--web.config.file=" + write("web.yml", "tls_sever_config:\n  a: b\nc: d\n")), "errors: line 1: field tls_sever_config"},
		{"web config that is no YAML", one("--web.config.file=" + write("no.yml", "\tx: [")), "--web.config.file"},
		{
			"web config without its certificate",
			one("--web.config.file=" + write("tls.yml", "tls_server_config:\n  cert_file: missing\n  key_file: missing\n")), "open <cert_file>: no such file",
		},
		{"log level", one("--log.level=loud"), "--log.level"},
		{"log format", one("--log.format=xml"), "--log.format"},

		{"missing config file", one("--config.file=" + missing), missing},
		{"config file with a mistake", one("--config.file=" + write("probe.yml", "modules:\n  a:\n    pasword_file: hush\n")), "probe.yml: line 3: modules: a: pasword_file: there is no such field"},
		{"lifecycle without a config file", one("--web.enable-lifecycle"), "there is no --config.file"},
		{"no connections", one("--probe.max-connections=0"), "--probe.max-connections"},
		{"no idle timeout", one("--probe.idle-timeout=0s"), "--probe.idle-timeout"},
		{"telemetry path of the probes", one("--web.telemetry-path=/probe"), "another endpoint"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantRefused(t, tc.args, tc.want)
			wantRefused(t, append([]string{"config", "check"}, tc.args...), tc.want)
		})
	}
}

func TestBadCommandIsRefused(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"sevre"}, "sevre"},
		{[]string{"serve", "now"}, "now"},
		{[]string{"serve", "help"}, "help"},
	} {
		wantRefused(t, tc.args, tc.want)
	}
}

func TestTakenPortIsRefused(t *testing.T) {
	_, stderr, status := exportertest.Output(t, "--web.listen-address="+takenAddress(t))
	if status != 1 {
		t.Errorf("got the exit code %d, want 1", status)
	}
	wantOneLine(t, stderr, "address already in use")
}

// wantRefused wants one line and no more, before anything listens.
func wantRefused(t *testing.T, args []string, want string) {
	t.Helper()
	stdout, stderr, status := exportertest.Output(t, append([]string{"--web.listen-address=" + takenAddress(t)}, args...)...)
	if status != 1 {
		t.Errorf("%q: got the exit code %d, want 1", args, status)
	}
	if stdout != "" {
		t.Errorf("%q: got on stdout:\n%s", args, stdout)
	}
	wantOneLine(t, stderr, want)
	if strings.Contains(stderr, "in use") {
		t.Errorf("%q: it tried to listen first", args)
	}
	if strings.Contains(stderr, "hush") {
		t.Errorf("%q: the line holds the password", args)
	}
}

func TestBadListenAddressIsRefused(t *testing.T) {
	for _, address := range []string{"localhost", ":99999", "256.0.0.1:80"} {
		_, stderr, status := exportertest.Output(t, "--web.listen-address="+address)
		if status != 1 {
			t.Errorf("%s: got the exit code %d, want 1", address, status)
		}
		wantOneLine(t, stderr, "listen")
	}
}

func TestBadVariableIsRefusedByName(t *testing.T) {
	for variable, value := range map[string]string{
		"REDIS_SENTINEL_EXPORTER_SENTINEL_TLS":     "maybe",
		"REDIS_SENTINEL_EXPORTER_SENTINEL_TIMEOUT": "soon",
		"REDIS_SENTINEL_EXPORTER_WEB_MAX_REQUESTS": "many",
		"REDIS_SENTINEL_EXPORTER_LOG_LEVEL":        "loud",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, value)
			_, stderr, status := exportertest.Output(t)
			if status != 1 {
				t.Errorf("got the exit code %d, want 1", status)
			}
			wantOneLine(t, stderr, "$"+variable)
		})
	}
}

func wantOneLine(t *testing.T, stderr, part string) {
	t.Helper()
	if strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n") {
		t.Errorf("want one line on stderr, got:\n%s", stderr)
	}
	if !strings.HasPrefix(stderr, "redis_sentinel_exporter: error: ") || !strings.Contains(stderr, part) {
		t.Errorf("want the error with %q in it, got:\n%s", part, stderr)
	}
}

// takenAddress returns one at which the test listens.
func takenAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}
