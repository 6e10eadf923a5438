package main

import (
	"encoding/json"
	"os"
	"testing"
)

// What the tests look at of the committed files. It shares nothing with the
// program that writes them.
type jsonBoard struct {
	UID, Title, Description string
	ID                      *int
	Inputs                  any `json:"__inputs"`
	Editable                *bool
	SchemaVersion           int
	Tags                    []string
	Panels                  []jsonPanel
	Templating              struct{ List []jsonVariable }
	Annotations             struct{ List []jsonAnnotation }
	Links                   []jsonLink
}

type jsonPanel struct {
	ID                       uint32
	Type, Title, Description string
	Datasource               jsonSource
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []jsonTarget
	Transformations          []struct {
		ID      string
		Options json.RawMessage
	}
	FieldConfig struct {
		Defaults struct {
			Unit, NoValue string
			Mappings      []jsonMapping
			Thresholds    jsonThresholds
			Color         struct{ Mode string }
			Custom        struct{ ThresholdsStyle struct{ Mode string } }
		}
		Overrides []jsonOverride
	}
	Options struct {
		SortBy []struct {
			DisplayName string
			Desc        bool
		}
	}
	Panels []jsonPanel // of a collapsed row
}

type jsonOverride struct {
	Matcher    struct{ ID, Options string }
	Properties []struct {
		ID    string
		Value json.RawMessage
	}
}

type jsonSource struct{ Type, UID string }

type jsonTarget struct {
	RefID, Expr, Format, LegendFormat string
	Interval                          string
	Instant, Range                    bool
	Datasource                        jsonSource
}

type jsonMapping struct {
	Type    string
	Options json.RawMessage
}

type jsonThresholds struct {
	Mode  string
	Steps []struct {
		Value *float64
		Color string
	}
}

type jsonVariable struct {
	Name, Type, Label, Query, Definition, AllValue string
	Multi, IncludeAll                              bool
	Refresh, Hide                                  int
	Datasource                                     jsonSource
	Current                                        struct{ Value []string }
}

type jsonAnnotation struct {
	Name, Expr, Step, TitleFormat, TextFormat string
	Placement                                 string
	UseValueForTime                           bool
	Datasource                                jsonSource
	Target                                    jsonTarget
}

type jsonLink struct {
	Type, URL             string
	Tags                  []string
	IncludeVars, KeepTime bool
}

// dashboards returns the committed ones.
func dashboards(t *testing.T) []jsonBoard {
	t.Helper()
	var list []jsonBoard
	for _, name := range []string{"fleet", "overview", "master", "sentinel"} {
		text, err := os.ReadFile("../" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var b jsonBoard
		if err := json.Unmarshal(text, &b); err != nil {
			t.Fatal(err)
		}
		if len(b.drawn()) < 10 {
			t.Fatalf("%s has only %d panels: it is not read rightly", name, len(b.drawn()))
		}
		list = append(list, b)
	}
	return list
}

// drawn returns the panels other than rows.
func (b jsonBoard) drawn() []jsonPanel {
	var list []jsonPanel
	for _, p := range b.Panels {
		if p.Type == "row" {
			list = append(list, p.Panels...)
			continue
		}
		list = append(list, p)
	}
	return list
}
