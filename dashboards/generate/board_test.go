package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestBoards: what makes a dashboard work for those who provision it and for those who
// import it.
func TestBoards(t *testing.T) {
	t.Parallel()
	for _, b := range dashboards(t) {
		if b.ID != nil || b.Inputs != nil {
			t.Errorf("%s: it has the id or the inputs of one Grafana", b.UID)
		}
		if b.SchemaVersion < 39 || b.SchemaVersion > 42 {
			t.Errorf("%s: schema version %d", b.UID, b.SchemaVersion)
		}
		if len(b.UID) > 40 || !slices.Equal(b.Tags, []string{"redis-sentinel"}) || b.Description == "" {
			t.Errorf("%s: tags %q, description %q", b.UID, b.Tags, b.Description)
		}
		if len(b.Links) != 2 || !b.Links[0].IncludeVars || !b.Links[0].KeepTime || !slices.Equal(b.Links[0].Tags, b.Tags) {
			t.Errorf("%s: it does not lead to the others: %+v", b.UID, b.Links)
		}
	}
}

// TestPanels: each has a number of its own, which links keep, and a place of its
// own in the grid.
func TestPanels(t *testing.T) {
	t.Parallel()
	for _, b := range dashboards(t) {
		ids := map[uint32]bool{}
		taken := map[[2]int]string{}
		for _, p := range b.Panels {
			if ids[p.ID] || p.ID == 0 {
				t.Errorf("%s: the number %d of %q is not its own", b.UID, p.ID, p.Title)
			}
			ids[p.ID] = true
			g := p.GridPos
			if g.X+g.W > 24 || g.W == 0 || g.H == 0 {
				t.Errorf("%s: %q is at %+v", b.UID, p.Title, g)
			}
			for x := g.X; x < g.X+g.W; x++ {
				for y := g.Y; y < g.Y+g.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" {
						t.Fatalf("%s: %q lies on %q", b.UID, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
		}
	}
}

// TestChain: each variable asks for what those before it leave, several can be
// chosen, and All is there and chosen but for what a dashboard is about one of.
func TestChain(t *testing.T) {
	t.Parallel()
	after := map[string][]string{
		"job": nil, "deployment": {"$job"}, "master_name": {"$job", "$deployment"}, "sentinel": {"$job", "$deployment"},
	}
	startsWithOne := map[string][]string{"redis-sentinel-master": {"job", "master_name"}, "redis-sentinel-sentinel": {"job", "sentinel"}}
	alwaysSeen := map[string][]string{
		"redis-sentinel-fleet": {"job", "deployment"}, "redis-sentinel-overview": {"job", "master_name"}, "redis-sentinel-master": {"job", "master_name"}, "redis-sentinel-sentinel": {"job", "sentinel"},
	}
	const inMenu = 3
	for _, b := range dashboards(t) {
		var names []string
		for _, v := range b.Templating.List {
			names = append(names, v.Name)
			if v.Type == "datasource" {
				continue
			}
			if used := regexp.MustCompile(`\$[a-z_]+`).FindAllString(v.Query, -1); !slices.Equal(used, after[v.Name]) {
				t.Errorf("%s: the variable %s depends on %q", b.UID, v.Name, used)
			}
			all := v.IncludeAll && slices.Equal(v.Current.Value, []string{"$__all"})
			one := !v.IncludeAll && len(v.Current.Value) == 0
			if wantOne := slices.Contains(startsWithOne[b.UID], v.Name); !v.Multi || v.Definition != v.Query || wantOne != one || wantOne == all {
				t.Errorf("%s: the variable is %+v", b.UID, v)
			}
			// A telephone is 390 pixels wide: two of them fit beside each other.
			if inBar := slices.Contains(alwaysSeen[b.UID], v.Name); inBar != (v.Hide == 0) || !inBar && v.Hide != inMenu {
				t.Errorf("%s: whether %s is hidden is %d", b.UID, v.Name, v.Hide)
			}
		}
		if want := []string{"datasource", "job", "deployment", "master_name", "sentinel"}; !slices.Equal(names, want) {
			t.Errorf("%s: the variables are %q", b.UID, names)
		}
	}
}

// TestAnnotations: failovers, firing alerts and restarts are marked, for old
// versions of Grafana and for new ones.
func TestAnnotations(t *testing.T) {
	t.Parallel()
	for _, b := range dashboards(t) {
		var names []string
		for _, a := range b.Annotations.List {
			names = append(names, a.Name)
			if a.Expr != a.Target.Expr || a.Step != a.Target.Interval || a.TitleFormat == "" || a.Datasource.UID != "${datasource}" {
				t.Errorf("%s: the annotation is %+v", b.UID, a)
			}
			if a.Placement != "inControlsMenu" {
				t.Errorf("%s: the switch of %s is in the bar", b.UID, a.Name)
			}
			if a.UseValueForTime != strings.HasSuffix(a.Expr, "* 1000") {
				t.Errorf("%s: whether the value of %s is a time in milliseconds does not go with %s", b.UID, a.Name, a.Expr)
			}
		}
		// What a series has of the labels is in a link; deployment, which not all have, comes in the query.
		failovers := b.Annotations.List[0]
		if !strings.Contains(failovers.TextFormat, `/history?master={{query}}"`) || strings.Contains(failovers.TextFormat, "{{deployment}}") ||
			!strings.HasPrefix(failovers.Expr, "label_join(max by (job, deployment, master_name) (") || !strings.Contains(failovers.Expr, `, "query", "&deployment=", "master_name", "deployment")`) {
			t.Errorf("%s: the link of a failover is %s, of %s", b.UID, failovers.TextFormat, failovers.Expr)
		}
		if want := []string{"Failovers", "Firing alerts", "Sentinels started", "Exporters started"}; !slices.Equal(names, want) {
			t.Errorf("%s: the annotations are %q", b.UID, names)
		}
	}
}
