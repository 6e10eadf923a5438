package web

import (
	"maps"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v2"

	"redis_sentinel_exporter/admin"
	"redis_sentinel_exporter/health"
)

// openAPI is what of the file is compared.
type openAPI struct {
	OpenAPI    string                             `yaml:"openapi"`
	Paths      map[string]map[string]openAPIRoute `yaml:"paths"`
	Components struct {
		Schemas    map[string]openAPISchema `yaml:"schemas"`
		Responses  map[string]any           `yaml:"responses"`
		Parameters map[string]any           `yaml:"parameters"`
	} `yaml:"components"`
}

type openAPIRoute struct {
	OperationID string                       `yaml:"operationId"`
	RequestBody map[string]any               `yaml:"requestBody"`
	Responses   map[string]map[string]string `yaml:"responses"`
}

type openAPISchema struct {
	Required   []string                 `yaml:"required"`
	Properties map[string]openAPISchema `yaml:"properties"`
	Type       string                   `yaml:"type"`
	Enum       []string                 `yaml:"enum"`
}

func readOpenAPI(t *testing.T) openAPI {
	t.Helper()
	text, err := os.ReadFile("../docs/admin.openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// The parameters of a path stand beside its methods; they are not compared.
	var raw map[string]any
	if err := yaml.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	for _, path := range raw["paths"].(map[any]any) {
		delete(path.(map[any]any), "parameters")
	}
	text, err = yaml.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	var file openAPI
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// statuses are those that a route answers with.
func statuses(path string, action admin.Action) []string {
	all := []int{
		http.StatusOK, http.StatusMultiStatus, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusTooManyRequests, http.StatusBadGateway,
	}
	if action == admin.Failover || action == admin.Reset || action == admin.Set || strings.Contains(path, "{deployment}") {
		all = append(all, http.StatusNotFound)
	}
	slices.Sort(all)
	words := make([]string, len(all))
	for i, status := range all {
		words[i] = strconv.Itoa(status)
	}
	return words
}

func TestOpenAPIRoutes(t *testing.T) {
	file := readOpenAPI(t)
	if file.OpenAPI != "3.1.0" {
		t.Errorf("it is OpenAPI %q", file.OpenAPI)
	}
	got := make(map[string]string)
	for path, methods := range file.Paths {
		for method, route := range methods {
			got[strings.ToUpper(method)+" "+path] = route.OperationID
			if diff := cmp.Diff(statuses(path, admin.Action(strings.TrimPrefix(route.OperationID, "named-"))), slices.Sorted(maps.Keys(route.Responses))); diff != "" {
				t.Errorf("%s %s: the statuses (-want +got):\n%s", method, path, diff)
			}
			action := admin.Action(strings.TrimPrefix(route.OperationID, "named-"))
			takesBody := action == admin.Set || action == admin.Monitor
			if (route.RequestBody != nil) != takesBody {
				t.Errorf("%s %s: the body is %v", method, path, route.RequestBody)
			}
			for status, response := range route.Responses {
				name := strings.TrimPrefix(response["$ref"], "#/components/responses/")
				if file.Components.Responses[name] == nil {
					t.Errorf("%s %s: %s leads to %q", method, path, status, response["$ref"])
				}
			}
		}
	}
	want := make(map[string]string)
	for _, route := range adminRoutes() {
		id := string(route.action)
		if strings.Contains(route.path, "{deployment}") {
			id = "named-" + id // an operationId is there once
		}
		want[route.method+" "+route.path] = id
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the routes (-want +got):\n%s", diff)
	}
}

// TestOpenAPISchemas compares the properties with the fields of the types.
func TestOpenAPISchemas(t *testing.T) {
	schemas := readOpenAPI(t).Components.Schemas
	for name, value := range map[string]any{"Answer": admin.OperationResult{}, "Result": admin.StepResult{}, "Finding": health.Finding{}, "Loss": admin.Loss{}} {
		var all, required []string
		for field := range reflect.TypeOf(value).Fields() {
			tag, rest, _ := strings.Cut(field.Tag.Get("json"), ",")
			all = append(all, tag)
			if rest != "omitempty" {
				required = append(required, tag)
			}
		}
		slices.Sort(all)
		slices.Sort(required)
		if diff := cmp.Diff(all, slices.Sorted(maps.Keys(schemas[name].Properties))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		slices.Sort(schemas[name].Required)
		if diff := cmp.Diff(required, schemas[name].Required); diff != "" {
			t.Errorf("%s, required (-want +got):\n%s", name, diff)
		}
	}
	types := map[admin.OptionKind]string{admin.Number: "integer", admin.Text: "string", admin.Pair: "array"}
	for name, schema := range schemas["Settings"].Properties {
		if kind, err := admin.KindOf(name); err != nil || types[kind] != schema.Type {
			t.Errorf("option %s is of the type %s: %v", name, schema.Type, err)
		}
	}
	if got := len(schemas["Settings"].Properties); got != 9 {
		t.Errorf("there are %d options", got)
	}
	for _, action := range admin.Actions() {
		if !slices.Contains(schemas["Answer"].Properties["action"].Enum, string(action)) {
			t.Errorf("no action %s", action)
		}
	}
}
