package drawn

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A scene is a dashboard at a moment, and what must be seen of it.
type scene struct {
	name   string
	board  string
	width  int64
	theme  string
	chosen map[string]string
	check  func(*testing.T, sight)
}

// acts is what is drawn. Those before happen as well, since each goes on from the one before.
var acts = flag.String("acts", "healthy,degraded,outage,blind", "when to draw the dashboards, of healthy,degraded,outage,blind")

// TestDrawn draws the dashboards while all is well, while something is wrong, while no
// failover could follow, and while nobody watches.
func TestDrawn(t *testing.T) {
	s := setUp(t)
	b := startBrowser(t, serve(t, string(s.prometheus)))
	orders := map[string]string{"job": shop, "master_name": "orders"}
	first := map[string]string{"job": shop, "sentinel": s.shop.SentinelAddrs()[0]}
	ofShop := map[string]string{"job": shop}
	chosen := strings.Split(*acts, ",")
	for _, act := range []struct {
		name   string
		begin  func()
		scenes []scene
	}{
		{"healthy", s.healthy, []scene{
			{"healthy-overview", "overview", 1440, "dark", ofShop, healthyOverview},
			{"healthy-master", "master", 1440, "dark", orders, anything},
			{"healthy-sentinel", "sentinel", 1440, "light", first, anything},
			{"single-overview", "overview", 1440, "dark", map[string]string{"job": single}, singleOverview},
		}},
		{"degraded", s.degrade, []scene{
			{"degraded-overview", "overview", 1440, "dark", nil, degradedOverview},
			{"degraded-master", "master", 1440, "light", orders, anything},
			{"degraded-fleet", "fleet", 1440, "dark", nil, degradedFleet},
			{"degraded-telephone", "overview", 390, "dark", nil, anything},
		}},
		{"outage", s.breakDown, []scene{
			{"outage-overview", "overview", 1440, "dark", ofShop, outageOverview},
			{"hung-overview", "overview", 1440, "dark", map[string]string{"job": single}, hungOverview},
		}},
		{"blind", s.blind, []scene{
			{"blind-overview", "overview", 1440, "dark", ofShop, blindOverview},
			{"blind-fleet", "fleet", 1440, "dark", nil, blindFleet},
			{"fleet-telephone", "fleet", 390, "light", nil, anything},
		}},
	} {
		if len(chosen) == 0 {
			break
		}
		act.begin()
		if !slices.Contains(chosen, act.name) {
			continue
		}
		chosen = slices.DeleteFunc(chosen, func(name string) bool { return name == act.name })
		for _, scene := range act.scenes {
			t.Run(scene.name, func(t *testing.T) {
				seen := b.look(t, scene.name, scene.width, scene.theme, s.query(scene.board, scene.chosen))
				anything(t, seen)
				scene.check(t, seen)
			})
		}
	}
	if len(chosen) > 0 {
		t.Errorf("there is nothing to draw that is called %q", chosen)
	}
}

// anything is what holds for all that is drawn: no title or header is cut off, the page
// is as wide as the window and its controls one row high, and no link leads nowhere.
func anything(t *testing.T, seen sight) {
	t.Helper()
	for _, cut := range seen.Cut {
		t.Errorf("it does not fit: %s", cut)
	}
	if seen.BarHeight > 40 || seen.Wide > 0 {
		t.Errorf("the controls are %v pixels high, the page is %v too wide", seen.BarHeight, seen.Wide)
	}
	for _, link := range seen.Links {
		if strings.Contains(link, "=–") || strings.Contains(link, "=&") || strings.HasSuffix(link, "=") || strings.Contains(link, "${") || strings.Contains(link, "/.md") {
			t.Errorf("a link leads nowhere: %s", link)
		}
	}
}

// tiles compares tiles by title: "text color".
func (s sight) tiles(t *testing.T, want map[string]string) {
	t.Helper()
	for title, shown := range want {
		if got := s.Tiles[title].Text + " " + s.Tiles[title].Color; got != shown {
			t.Errorf("%s shows %q, want %q", title, got, shown)
		}
	}
}

// rows compares the beginnings of the first rows of a table, below its header.
func (s sight) rows(t *testing.T, title string, want ...string) {
	t.Helper()
	rows := s.Tables[title]
	for i, beginning := range want {
		if len(rows) < i+2 || !strings.HasPrefix(rows[i+1], beginning) {
			t.Errorf("row %d of %s is not %q: %q", i+1, title, beginning, rows)
			return
		}
	}
}

func healthyOverview(t *testing.T, seen sight) {
	seen.tiles(t, map[string]string{
		"Health": "OK green", "Masters down": "none green", "Cannot fail over": "none green", "Masters in dispute": "none green",
		"Spare Sentinels": "1 green", "Silent Sentinels": "none green", "Silent exporters": "none green", "Critical alerts": "none green",
	})
	if got := seen.Empty["What is wrong now"]; got != "nothing, and exporters are watching" {
		t.Errorf("what is wrong says %q, and shows %q", got, seen.Tables["What is wrong now"])
	}
}

// singleOverview: one Sentinel only can spare none, and that is no outage.
func singleOverview(t *testing.T, seen sight) {
	seen.tiles(t, map[string]string{"Health": "warning orange", "Spare Sentinels": "0 orange", "Masters down": "none green"})
}

// degradedOverview: of more than fifty masters those that are critical come first.
func degradedOverview(t *testing.T, seen sight) {
	seen.tiles(t, map[string]string{"Health": "critical red", "Masters down": "1 red", "Silent Sentinels": "1 orange"})
	seen.rows(t, "What is wrong now", "critical", "critical", "critical")
	masters := seen.Tables["Masters"]
	var worst []string
	for _, row := range masters[1:] {
		if strings.Contains(row, "critical") {
			worst = append(worst, strings.Split(row, " | ")[0])
		}
	}
	for _, name := range []string{deadTenant, lonelyTenant} {
		if at := slices.Index(worst, name); at < 0 || at >= len(worst) || !strings.HasPrefix(masters[1+at], name) {
			t.Errorf("%s is not among the first rows: %q", name, masters)
		}
	}
	if healthy := seen.Lines["Health"]; len(healthy) == 0 || len(healthy) > 10 {
		t.Errorf("the timeline of health has %d lines: %q", len(healthy), healthy)
	}
}

// degradedFleet: the deployments with what is critical come before the one with a warning.
func degradedFleet(t *testing.T, seen sight) {
	seen.tiles(t, map[string]string{"Deployments": "3 grey", "Critical": "2 red", "Unknown": "none green", "Warning": "1 orange", "Masters down": "1 red"})
	if rows := seen.Tables["Deployments"]; len(rows) != 4 || !strings.Contains(rows[3], "warning") || !strings.Contains(rows[3], single) {
		t.Errorf("the row of %s is not the last of three: %q", single, rows)
	}
}

// blindFleet: of one deployment nobody can tell anything; what is critical elsewhere comes before it.
func blindFleet(t *testing.T, seen sight) {
	seen.tiles(t, map[string]string{"Deployments": "3 grey", "Critical": "2 red", "Unknown": "1 purple"})
	if rows := seen.Tables["Deployments"]; len(rows) != 4 || !strings.Contains(rows[3], "unknown") || !strings.Contains(rows[3], shop) {
		t.Errorf("the row of %s is not the last of three, and unknown: %q", shop, rows)
	}
}

func outageOverview(t *testing.T, seen sight) {
	seen.tiles(t, map[string]string{"Health": "critical red", "Masters down": "1 red", "Cannot fail over": "2 red", "Spare Sentinels": "-1 red", "Silent Sentinels": "2 orange"})
	seen.rows(t, "What is wrong now", "critical")
}

// hungOverview: no Sentinel answers, so nothing that they would say is green.
func hungOverview(t *testing.T, seen sight) {
	seen.tiles(t, map[string]string{
		"Health": "critical red", "Masters down": "No data grey", "Cannot fail over": "No data grey", "Masters in dispute": "No data grey",
		"Spare Sentinels": "No data grey", "Silent Sentinels": "1 orange",
	})
}

func blindOverview(t *testing.T, seen sight) {
	seen.tiles(t, map[string]string{
		"Health": "unknown purple", "Masters down": "No data grey", "Cannot fail over": "No data grey", "Masters in dispute": "No data grey",
		"Spare Sentinels": "No data grey", "Silent Sentinels": "No data grey", "Silent exporters": "1 red",
	})
	seen.rows(t, "What is wrong now", "unknown | no_exporter_up | All")
}
