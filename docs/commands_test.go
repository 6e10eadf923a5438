package docs_test

import (
	"io/fs"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/e2e/exportertest"
	"redis_sentinel_exporter/internal/sentineltest"
)

// TestCommandsShown: each command that a page shows is run here with stand-ins for
// addresses and files, or by another test, or the page says what it needs.
func TestCommandsShown(t *testing.T) {
	t.Parallel()
	project := project()
	r := newCommandRig(t, project)
	count := 0
	for _, file := range pagesWithCommands(t, project) {
		blocks, mistakes := shownCommands(page(t, project, file))
		for _, mistake := range mistakes {
			t.Errorf("%s: %s", file, mistake)
		}
		for _, b := range blocks {
			count += len(b.commands)
			if test := runElsewhere()[file+" "+b.language]; test != "" {
				r.testExists(test)
				continue
			}
			needed := false
			for _, command := range b.commands {
				run := r.runner(command)
				switch {
				case run == nil && b.needs == "":
					t.Errorf("%s: no test runs %q: run it in this one, or mark its block with <!-- needs ... -->", file, command)
				case run == nil:
					needed = true
				case b.needs == "":
					run(command)
				}
			}
			if b.needs != "" && !needed {
				t.Errorf("%s: what is marked with <!-- needs %s --> can be run: %q", file, b.needs, b.commands)
			}
		}
	}
	if count < 50 {
		t.Errorf("found only %d commands", count)
	}
}

// runElsewhere names the tests that run all blocks of a page in a language and compare
// what they print.
func runElsewhere() map[string]string {
	return map[string]string{
		"README.md console":     "TestREADMETour",
		"README.md text":        "TestREADMECheck",
		"docs/admin.md console": "TestAdminExamples",
		"docs/history.md sh":    "TestHistoryCommand",
	}
}

// runBy names the tests that do what a target of the Makefile does. The others are run
// by .ci/run.
func runBy() map[string]string {
	return map[string]string{
		"packages":      "TestPackages",
		"packages-test": "TestPackages",
		"dashboards":    "TestCommitted",
	}
}

func TestShownCommands(t *testing.T) {
	t.Parallel()
	const text = "```sh\nmake a # why\nsed \\\n  -i b\n```\n<!-- needs Docker -->\n```console\n$ docker c\noutput\n```\n" +
		"```text\nno command\n```\n```yaml\n$ none\n```\n<!-- needs luck -->\n```sh\nd\n```\n<!-- needs root -->\nprose\n"
	blocks, mistakes := shownCommands(text)
	want := []shown{
		{"sh", "", []string{"make a", "sed  -i b"}}, {"console", "Docker", []string{"docker c"}}, {"sh", "luck", []string{"d"}},
	}
	if diff := cmp.Diff(want, blocks, cmp.AllowUnexported(shown{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"luck is nothing that a command may need", "<!-- needs root --> marks no command"}, mistakes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A shown is a block of commands in a page, with what its marker says that they need.
type shown struct {
	language, needs string
	commands        []string
}

// shownCommands returns the commands of a page, and what is wrong with its markers.
func shownCommands(text string) (blocks []shown, mistakes []string) {
	block := regexp.MustCompile("(?ms)(?:^[ ]*<!-- needs ([^>]*) -->\n)?^[ ]*```([a-z]+)\n(.*?)^[ ]*```$")
	for _, match := range block.FindAllStringSubmatch(text, -1) {
		b := shown{language: match[2], needs: match[1]}
		for line := range strings.Lines(strings.ReplaceAll(match[3], "\\\n", "")) {
			line = strings.TrimSpace(line)
			command, prompted := strings.CutPrefix(line, "$ ")
			command = strings.TrimSpace(regexp.MustCompile(`\s+# .*$`).ReplaceAllString(command, ""))
			if command != "" && (b.language == "sh" || prompted && (b.language == "console" || b.language == "text")) {
				b.commands = append(b.commands, regexp.MustCompile(` {3,}`).ReplaceAllString(command, "  "))
			}
		}
		if len(b.commands) > 0 {
			blocks = append(blocks, b)
			text = strings.Replace(text, match[0], "", 1)
		}
		if b.needs != "" && !slices.Contains([]string{"Docker", "Kubernetes", "an archive", "root", "systemd"}, b.needs) {
			mistakes = append(mistakes, b.needs+" is nothing that a command may need")
		}
	}
	for _, stray := range regexp.MustCompile(`(?m)^[ ]*<!-- needs .* -->$`).FindAllString(text, -1) {
		mistakes = append(mistakes, strings.TrimSpace(stray)+" marks no command")
	}
	return blocks, mistakes
}

func pagesWithCommands(t *testing.T, project fs.FS) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"README.md", "docs/*.md", "alerts/README.md", "dashboards/README.md", "deploy/*/README.md"} {
		found, err := fs.Glob(project, pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		files = append(files, found...)
	}
	return files
}

// A commandRig is what the commands are run on.
type commandRig struct {
	t        *testing.T
	project  fs.FS
	standIns *strings.Replacer
	sentinel string // the flag with the addresses
}

func newCommandRig(t *testing.T, project fs.FS) *commandRig {
	t.Helper()
	const password = "sesame"
	topology := sentineltest.Run(t, sentineltest.Config{NodeConf: []string{sentineltest.DocumentedUser(t, "../docs/admin.md", "fence", password)}})
	sentinels := topology.SentinelAddrs()
	config := exportertest.TempFile(t, "allowed_targets: [127.0.0.0/8]\nmodules: {production: {}}\n")
	all := strings.Join(sentinels, ",")
	exporter := exportertest.Start(t, "--sentinel.address="+all, "--config.file="+config)
	return &commandRig{
		t: t, project: project, sentinel: "--sentinel.address=" + all,
		standIns: strings.NewReplacer(
			"10.0.0.1:26379,10.0.0.2:26379,10.0.0.3:26379", all,
			"10.0.1.1", sentinels[0], "10.0.1.2", sentinels[1], "10.0.1.3", sentinels[2],
			"10.0.0.10:6379", topology.Masters[0].Node.Addr(), "10.0.0.11:6379", topology.Masters[0].Replicas[0].Addr(),
			"localhost:9355", exporter.Addr(),
			"=probe.yml", "="+config, "/run/secrets/redis", exportertest.TempFile(t, password+"\n"),
		),
	}
}

// runner returns what runs a command, or nil if nothing here can.
func (r *commandRig) runner(command string) func(string) {
	for prefix, run := range map[string]func(string){
		"make":                      r.target,
		".ci/run":                   r.target,
		"go test":                   r.target,
		"./redis_sentinel_exporter": r.exporter,
		"redis_sentinel_exporter":   r.exporter,
		"curl":                      r.curl,
		"sed -i":                    r.placeholders,
	} {
		if strings.HasPrefix(command+" ", prefix+" ") {
			return run
		}
	}
	return nil
}

// target holds that a target of the Makefile exists, and that .ci/run or a test does
// the same.
func (r *commandRig) target(command string) {
	r.t.Helper()
	makefile, ci := page(r.t, r.project, "Makefile"), page(r.t, r.project, ".ci/run")
	words := strings.Fields(command)
	switch {
	case words[0] == "go": // the tests of a module
		if !strings.Contains(makefile, strings.Join(words[:4], " ")+" ") {
			r.t.Errorf("%s: `make test` does not run it", command)
		}
	case len(words) == 1: // make help, or .ci/run itself
		r.run("test -x .ci/run && make help", command)
	default:
		target := words[1]
		called := regexp.MustCompile(`(?m)(?:\bmake|\$\(MAKE\) --no-print-directory) ` + target + `\b`).MatchString(ci + makefile)
		if test := runBy()[target]; test != "" {
			r.testExists(test)
			called = true
		}
		if !called || !strings.Contains(makefile, "\n"+target+":") {
			r.t.Errorf("%s: there is no such target, or neither .ci/run nor a test runs it", command)
		}
	}
}

// exporter runs the exporter: to the end or, with flags alone, until it serves. What
// would change something is only asked what it would do.
func (r *commandRig) exporter(command string) {
	r.t.Helper()
	args := strings.Fields(r.standIns.Replace(command))[1:]
	switch args[0] {
	case "config":
	case "rules":
		if to := slices.Index(args, ">"); to >= 0 {
			args = args[:to]
		}
	case "can-stop", "drain", "preflight": // their exit code is an answer
		if _, stderr, status := exportertest.Output(r.t, append(args, r.sentinel)...); status > 3 || stderr != "" {
			r.t.Errorf("%s: exit code %d:\n%s", command, status, stderr)
		}
		return
	case "drill": // nobody confirms it here; TestDrill of e2e does
		args = slices.DeleteFunc(args, func(arg string) bool { return arg == "--yes" })
		if _, stderr, status := exportertest.Output(r.t, append(args, r.sentinel)...); status != 2 || !strings.Contains(stderr, "give --yes") {
			r.t.Errorf("%s: exit code %d:\n%s", command, status, stderr)
		}
		return
	case "failover", "reset", "set", "monitor", "remove", "flush-config":
		args = append(args, "--dry-run", r.sentinel)
	default:
		exportertest.Start(r.t, args...)
		return
	}
	if _, stderr, status := exportertest.Output(r.t, args...); status != 0 {
		r.t.Errorf("%s: exit code %d:\n%s", command, status, stderr)
	}
}

func (r *commandRig) curl(command string) {
	r.t.Helper()
	r.run(strings.Replace(r.standIns.Replace(command), "curl ", "curl --fail --silent --show-error ", 1), command)
}

// run has a shell run a line in place of what a page shows.
func (r *commandRig) run(line, command string) {
	r.t.Helper()
	shell := exec.CommandContext(r.t.Context(), "sh", "-c", line)
	shell.Dir = ".."
	if out, err := shell.CombinedOutput(); err != nil {
		r.t.Errorf("%s: %v\n%s", command, err, out)
	}
}

// placeholders runs the command on copies of the files that have the placeholders, and
// sees that none is left.
func (r *commandRig) placeholders(command string) {
	r.t.Helper()
	files := command[strings.LastIndex(command, "'")+1:]
	dir := r.t.TempDir()
	r.run("cp alerts/*.yml dashboards/*.json "+dir+" && cd "+dir+" && "+command+
		" && grep -q https://YOUR-RUNBOOKS "+files+" && ! grep runbooks.example.com "+files, command)
}

// testExists holds that a test of this name is in the project.
func (r *commandRig) testExists(name string) {
	r.t.Helper()
	r.run("git grep -q --untracked '^func "+name+"('", name)
}
