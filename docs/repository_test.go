package docs_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// modules are the directories of all Go modules of the project, as "/tools".
func modules(t *testing.T) []string {
	t.Helper()
	var list []string
	for file := range strings.FieldsSeq(command(t, "..", "git", "ls-files", "--cached", "--others", "--exclude-standard", "*go.mod")) {
		list = append(list, filepath.Join("/", filepath.Dir(file)))
	}
	slices.Sort(list)
	return list
}

// command runs a program in a directory, and returns what it prints.
func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// TestDependabot: the dependencies of each Go module are kept up to date, and no other's.
func TestDependabot(t *testing.T) {
	t.Parallel()
	var config struct {
		Updates []struct {
			Ecosystem   string `yaml:"package-ecosystem"`
			Directories []string
		}
	}
	if err := yaml.Unmarshal([]byte(page(t, project(), ".github/dependabot.yml")), &config); err != nil {
		t.Fatal(err)
	}
	if got, want := config.Updates[0].Directories, modules(t); config.Updates[0].Ecosystem != "gomod" || !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestIssueForms: they have what the form of an issue needs, each question once.
func TestIssueForms(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bug", "idea"} {
		var form struct {
			Name, Description string
			Body              []struct {
				Type, ID    string
				Attributes  struct{ Label, Description, Value, Render string }
				Validations struct{ Required bool }
			}
		}
		decoder := yaml.NewDecoder(strings.NewReader(page(t, project(), ".github/ISSUE_TEMPLATE/"+name+".yml")))
		decoder.KnownFields(true)
		if err := decoder.Decode(&form); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		asked := map[string]bool{}
		for _, part := range form.Body {
			switch {
			case part.Type == "markdown" && part.Attributes.Value != "" && part.ID == "":
			case (part.Type == "textarea" || part.Type == "input") && part.Attributes.Label != "" && part.ID != "" && !asked[part.ID]:
				asked[part.ID] = true
			default:
				t.Errorf("%s: %+v is not a question", name, part)
			}
		}
		if form.Name == "" || form.Description == "" || len(asked) == 0 {
			t.Errorf("%s asks nothing", name)
		}
	}
}

// TestModulePath: one command gives the module another path. In a copy all imports of the
// program and its tests are found after it, and no module has the old path in any.
func TestModulePath(t *testing.T) {
	t.Parallel()
	const path = "example.org/you/sentinels"
	dir := t.TempDir()
	archive := exec.CommandContext(t.Context(), "sh", "-c", `git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -cf - | tar -C "$0" -xf -`, dir)
	archive.Dir = ".."
	if out, err := archive.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	command(t, dir, "git", "init", "-q")
	command(t, dir, "git", "add", "--all")
	for _, bad := range []string{"", "a b", "/a", "a/"} {
		if out, err := exec.CommandContext(t.Context(), filepath.Join(dir, "tools/module-path"), bad).CombinedOutput(); err == nil {
			t.Errorf("the path %q is taken: %s", bad, out)
		}
	}
	command(t, dir, "make", "module-path", "NEW="+path)
	if got := command(t, dir, "go", "list", "-test", "-deps", "-tags=e2e,packages,compose", "./..."); !strings.Contains(got, "\n"+path+"/sentinel\n") {
		t.Errorf("the packages are\n%s", got)
	}
	for _, module := range modules(t) {
		if strings.HasPrefix(module, "/tools") {
			continue // they import nothing
		}
		const imports = `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}{{range .TestImports}} {{.}}{{end}}{{range .XTestImports}} {{.}}{{end}}`
		found := command(t, filepath.Join(dir, module), "go", "list", "-tags=e2e,packages,compose", "-f="+imports, "./...")
		for name := range strings.FieldsSeq(found) {
			if name, _, _ := strings.Cut(name, "/"); name == "redis_sentinel_exporter" {
				t.Errorf("%s has %s still:\n%s", module, name, found)
				break
			}
		}
	}
	for file := range strings.FieldsSeq(command(t, dir, "git", "ls-files", "*go.mod", "*.golangci.yml")) {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if left := regexp.MustCompile(`.*\bredis_sentinel_exporter\b.*`).Find(bytes.ReplaceAll(text, []byte(path), nil)); left != nil {
			t.Errorf("%s still has %s", file, left)
		}
	}
}
