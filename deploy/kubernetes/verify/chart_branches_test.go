package verify

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"

	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// TestEveryChartBranch: one of the cases renders each branch of each template, also the else that is not written: a
// fail is put in one branch after the other, and some case must run into it.
func TestEveryChartBranch(t *testing.T) {
	t.Parallel()
	c := loadChart(t)
	inputs := slices.Collect(maps.Values(cases(t)))
	inputs = append(inputs, slices.Collect(maps.Values(refused()))...)
	count := 0
	for i, f := range c.Templates {
		for n := 0; ; n++ {
			text, where := failAt(t, f, n)
			if text == "" {
				break
			}
			count++
			broken := *c
			broken.Templates = slices.Clone(c.Templates)
			broken.Templates[i] = &common.File{Name: f.Name, Data: []byte(text)}
			if !slices.ContainsFunc(inputs, func(values map[string]any) bool { return runsInto(&broken, values) }) {
				t.Errorf("%s: no case renders %s", f.Name, where)
			}
		}
	}
	if count < 100 {
		t.Errorf("%d branches: the templates have more", count)
	}
	t.Logf("%d branches", count)
}

const tripwire = "the branch is rendered"

func runsInto(c *chart.Chart, values map[string]any) bool {
	_, err := render(c, values)
	return err != nil && strings.Contains(err.Error(), tripwire)
}

// failAt returns a template whose branch number n fails, and which one that is; nothing if
// it has fewer.
func failAt(t *testing.T, f *common.File, n int) (text, where string) {
	t.Helper()
	parseText := func(text string) map[string]*parse.Tree {
		tree := parse.New(f.Name)
		tree.Mode = parse.SkipFuncCheck
		trees := map[string]*parse.Tree{}
		if _, err := tree.Parse(text, "", "", trees); err != nil {
			t.Fatal(err)
		}
		return trees
	}
	fail := parseText("{{fail " + strconv.Quote(tripwire) + "}}")[f.Name].Root.Nodes[0]
	put := func(list *parse.ListNode, name, branch string) *parse.ListNode {
		if n--; n != -1 {
			return list
		}
		where = branch + " of " + name
		if list == nil {
			return &parse.ListNode{NodeType: parse.NodeList, Nodes: []parse.Node{fail}}
		}
		list.Nodes = slices.Insert(list.Nodes, 0, fail)
		return list
	}
	var walk func(list *parse.ListNode)
	branch := func(b *parse.BranchNode, kind string) {
		name := kind + " " + b.Pipe.String()
		b.List = put(b.List, name, "the body")
		if kind != "range" { // without an else, that a setting is not given is a case too
			b.ElseList = put(b.ElseList, name, "the else")
		}
		walk(b.List)
		if b.ElseList != nil {
			walk(b.ElseList)
		}
	}
	walk = func(list *parse.ListNode) {
		for _, node := range list.Nodes {
			switch node := node.(type) {
			case *parse.IfNode:
				branch(&node.BranchNode, "if")
			case *parse.WithNode:
				branch(&node.BranchNode, "with")
			case *parse.RangeNode:
				branch(&node.BranchNode, "range")
			}
		}
	}
	trees := parseText(string(f.Data))
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(trees)) {
		walk(trees[name].Root)
		if body := trees[name].Root.String(); name == f.Name {
			out.WriteString(body)
		} else {
			out.WriteString("{{define " + strconv.Quote(name) + "}}" + body + "{{end}}")
		}
	}
	if where == "" {
		return "", ""
	}
	return out.String(), where
}
