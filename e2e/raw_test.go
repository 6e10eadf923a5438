package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
)

// hostileTexts are what a stranger may send wherever it can choose a text. Each of them
// would do something to a terminal, a script, a page or a shell, if it got there raw.
func hostileTexts() []string {
	return []string{
		"a\x1b[2J\x1b]0;title\x07b", "two\nlines\r\nthree", "tab\there", "\u009b31mC1\u0085", "\x9b31m\xff\xfe", "\u202egnp.exe\u2066\u2069\u200f", "nul\x00del\x7f",
		"one\u2028two", "-n", "--force", "@/etc/hostname", "$(id) `id` $'x' !!", `"quo'ted\`, "<script>x</script>&amp;", "m\x1b[A", strings.Repeat("long\x1b", 200),
	}
}

// rawIn returns what of a text would command a terminal; empty if nothing does.
func rawIn(text string) string {
	var raw []string
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 || r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			raw = append(raw, fmt.Sprintf("%q after %q", text[i:i+size], text[max(0, i-60):i]))
		}
	}
	return strings.Join(raw, "; ")
}

// An outlook collects what of the program's output would command a terminal.
type outlook struct {
	t    *testing.T
	seen int
}

func (o *outlook) look(what, output string) {
	o.t.Helper()
	o.seen++
	if raw := rawIn(output); raw != "" {
		o.t.Errorf("%s has %s", what, raw)
	}
}

func (o *outlook) get(e *exportertest.Exporter, paths ...string) {
	o.t.Helper()
	for _, path := range paths {
		answer, err := e.Get(path)
		if err != nil {
			o.t.Fatal(err)
		}
		o.look(path, answer.Body)
		for _, values := range answer.Header {
			o.look("a header of "+path, strings.Join(values, "\n"))
		}
	}
}

func (o *outlook) run(fake *sentineltest.Fake, args ...string) (stdout string) {
	o.t.Helper()
	stdout, stderr, _ := exportertest.Output(o.t, append([]string{"--sentinel.address=" + fake.Addr()}, args...)...)
	o.look(fmt.Sprintf("%.60q", args), stdout)
	o.look(fmt.Sprintf("the errors of %.60q", args), stderr)
	return stdout
}

// TestNothingRaw has a Sentinel say hostile texts in every field that it can choose. No
// command, page, service discovery or log has a byte of them that commands a terminal.
func TestNothingRaw(t *testing.T) {
	t.Parallel()
	for _, field := range []string{
		"name", "runid", "flags", "role-reported", "failover-state", "voted-leader", "notification-script", "client-reconfig-script",
		"master-host", "master-link-status", "unknown-field", "event",
	} {
		t.Run(field, func(t *testing.T) { sayRaw(t, field, hostileTexts()) })
	}
	for _, field := range []string{"ip", "port", "quorum", "ID", "INFO", "error"} { // one of them is all that the Sentinel says
		t.Run(field, func(t *testing.T) {
			for _, text := range hostileTexts() {
				sayRaw(t, field, []string{text})
			}
		})
	}
}

// sayRaw has a Sentinel say each of the texts in a field of one master, and looks at all
// that is printed then.
func sayRaw(t *testing.T, field string, texts []string) {
	t.Helper()
	name := func(i int) string {
		if field == "name" {
			return texts[i]
		}
		return fmt.Sprint("master", i)
	}
	config := sentineltest.FakeConfig{Masters: len(texts), Replicas: 2, Peers: 2, Name: name, Edit: func(kind, master string, row sentineltest.Row) sentineltest.Row {
		if kind == "slave" {
			row = row.With("runid", strings.Repeat("5", 40)) // listed twice: a finding with a command to copy
		}
		i := slices.IndexFunc(texts, func(text string) bool { return master == name(slices.Index(texts, text)) })
		switch {
		case row.Get(field) == "" && field != "unknown-field" || field == "name":
			return row
		case field == "flags":
			return row.With(field, row.Get(field)+","+texts[i])
		}
		return row.With(field, texts[i])
	}}
	line := strings.NewReplacer("\r", "", "\n", "").Replace(texts[0])
	switch field {
	case "ID":
		config.ID = texts[0]
	case "INFO":
		config.Info = "redis_version:" + line + "\r\nrun_id:" + texts[0] + "\r\n"
	}
	fake := sentineltest.RunFake(t, config)
	defer fake.Close()
	if field == "error" {
		fake.Reply("SENTINEL CKQUORUM", []byte("-ERR "+line+"\r\n"))
		fake.Reply("SENTINEL MYID", []byte("-"+line+"\r\n"))
	}
	format := map[bool]string{true: "json", false: "logfmt"}[len(texts[0])%2 == 0]
	e := exportertest.Start(t, "--sentinel.address="+fake.Addr(), "--log.level=debug", "--log.format="+format)
	o := &outlook{t: t}
	if field == "event" {
		sentineltest.WaitFor(t, "the subscription", func() bool { return fake.Publish("+x", "") > 0 })
		for _, text := range texts {
			fake.Publish(text[:min(len(text), 100)], "master "+text+" 10.0.0.1 6379")
			fake.Publish("+switch-master", text+" 10.0.0.1 6379 10.0.0.2 6379")
			fake.Publish("+slave", "slave 10.0.0.3:6379 10.0.0.3 6379 @ "+text+" 10.0.0.2 6379") // it has switched
		}
		sentineltest.WaitFor(t, "the event", func() bool { return strings.Contains(e.Stderr.String(), "Master switched") })
	}
	o.get(e, "/status", "/sd", "/sd?role=sentinel", "/health", "/health?master="+url.QueryEscape(name(0)))
	o.run(fake, "check")
	o.run(fake, "check", "--output=json")
	o.run(fake, "discover", "--output=json", "master", "--", name(0))
	o.run(fake, "failover", "--dry-run", "--", name(0))
	for _, what := range []string{"master", "replicas", "sentinels"} {
		for line := range strings.Lines(o.run(fake, "discover", what, "--", name(0))) {
			if !strings.HasPrefix(line, "10.") && !strings.HasPrefix(line, "127.0.0.1:") {
				t.Errorf("discover printed the line %q", line)
			}
		}
	}
	if field == "name" {
		wantCommands(t, e, fake.Addr())
	}
	e.End()
	o.look("the log", e.Stderr.String())
	if o.seen < 20 {
		t.Errorf("%d outputs were looked at", o.seen)
	}
}

// TestNothingRawOfClients has clients, and those who type a command, send hostile texts in
// every part that they can choose.
func TestNothingRawOfClients(t *testing.T) {
	t.Parallel()
	fake := sentineltest.RunFake(t, sentineltest.FakeConfig{})
	e := exportertest.Start(t, "--sentinel.address="+fake.Addr(), "--config.file=/dev/null", "--log.level=debug")
	o := &outlook{t: t}
	for _, text := range hostileTexts() {
		query := url.QueryEscape(text)
		o.get(e, "/status?master="+query, "/sd?master="+query, "/sd?role="+query, "/health?fail_on="+query, "/status?refresh="+query, "/status?"+query+"=1",
			"/probe?target="+query, "/probe?target=127.0.0.1:1&module="+query, "/"+url.PathEscape(text))
		for _, args := range [][]string{
			{"check", "--", text}, {"discover", "master", "--", text}, {"remove", "--dry-run", "--", text}, {"set", "--dry-run", "--", "mymaster", text, text},
			{"monitor", "--dry-run", "--", text, text, "2"}, {text, text}, {"--" + text}, {"--sentinel.address=" + text, "check"}, {"--config.file=" + text, "config", "check"},
		} {
			o.run(fake, args...)
		}
	}
	e.End()
	o.look("the log", e.Stderr.String())
}

// wantCommands copies the commands that findings show into a shell. Each is about the
// master of its finding.
func wantCommands(t *testing.T, e *exportertest.Exporter, address string) {
	t.Helper()
	answer, err := e.Get("/health")
	if err != nil {
		t.Fatal(err)
	}
	var report health.Report
	if err := json.Unmarshal([]byte(answer.Body), &report); err != nil {
		t.Fatal(err)
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for i := range report.Masters {
		for _, f := range report.Masters[i].Findings {
			for _, command := range f.Commands {
				if raw := rawIn(command); raw != "" || strings.ContainsAny(command, "\n\t") {
					t.Errorf("the command %q has %s", command, raw)
				}
			}
			if f.Check != "node_listed_twice" || strings.Contains(f.Master, "\x00") || !utf8.ValidString(f.Master) || strings.Contains(f.Master, `\x`) {
				continue // a word of a command holds no NUL, and JSON no byte that is not UTF-8
			}
			tried++
			// Not the reset, but what the next program gets: the name is refused, or printed.
			script := `redis_sentinel_exporter() { "$BINARY" failover --dry-run "${@:2}"; }; ` + f.Commands[0]
			cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
			cmd.Env = append(os.Environ(), exportertest.Variable, "BINARY="+binary)
			out, _ := cmd.CombinedOutput()
			if !strings.Contains(string(out), fmt.Sprintf("failover of %q", f.Master)) && !strings.Contains(string(out), "control character") &&
				!strings.Contains(string(out), address+"  SENTINEL FAILOVER "+f.Master) && !strings.Contains(string(out), "Refused") {
				t.Errorf("the master is %q; the copied command %s prints %q", f.Master, f.Commands[0], out)
			}
		}
	}
	if tried < 10 {
		t.Errorf("%d commands were tried", tried)
	}
}
