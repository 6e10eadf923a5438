package docs_test

import (
	"io/fs"
	"os"
	"path"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"redis_sentinel_exporter/deployment"
	"redis_sentinel_exporter/sentinel"
)

// What docs/redis-py.md names is there.
func TestMethodsOfTheDocumentation(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("redis-py.md")
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]reflect.Type{
		"Client":          reflect.TypeFor[*sentinel.Client](),
		"Deployment":      reflect.TypeFor[*deployment.Deployment](),
		"DiscoverOptions": reflect.TypeFor[deployment.DiscoverOptions](),
	}
	names := regexp.MustCompile("`(Client|Deployment|DiscoverOptions)\\.([A-Za-z]+)`").FindAllStringSubmatch(string(text), -1)
	if len(names) < 15 {
		t.Errorf("only %d names were found", len(names))
	}
	for _, name := range names {
		of := types[name[1]]
		_, found := of.MethodByName(name[2])
		if of.Kind() == reflect.Struct {
			_, found = of.FieldByName(name[2])
		}
		if !found {
			t.Errorf("there is no %s.%s", name[1], name[2])
		}
	}
}

// The code on the page is part of an example, which runs.
func TestCodeOfTheDocumentation(t *testing.T) {
	t.Parallel()
	examples := page(t, project(), "sentinel/example_test.go") + page(t, project(), "deployment/example_test.go")
	blocks := fenced(page(t, project(), "docs/redis-py.md"), "go")
	if len(blocks) == 0 {
		t.Error("there is no code on the page")
	}
	for _, block := range blocks {
		if !strings.Contains(examples, regexp.MustCompile(`(?m)^.`).ReplaceAllString(block, "\t$0")) {
			t.Errorf("no example has\n%s", block)
		}
	}
}

// A method that no program calls is there for programs of others, so it is on the page.
func TestNoMethodIsUnknown(t *testing.T) {
	t.Parallel()
	var programs strings.Builder
	err := fs.WalkDir(project(), ".", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path.Ext(file) == ".go" && !strings.HasSuffix(file, "_test.go") {
			programs.WriteString(page(t, project(), file))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text := page(t, project(), "docs/redis-py.md")
	for _, of := range []reflect.Type{reflect.TypeFor[*sentinel.Client](), reflect.TypeFor[*deployment.Deployment]()} {
		for method := range of.Methods() {
			name := method.Name
			if !strings.Contains(programs.String(), "."+name+"(") && !strings.Contains(text, "`"+of.Elem().Name()+"."+name+"`") {
				t.Errorf("%v.%s is neither used nor documented", of, name)
			}
		}
	}
}
