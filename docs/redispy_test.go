package docs_test

import (
	"os"
	"reflect"
	"regexp"
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
