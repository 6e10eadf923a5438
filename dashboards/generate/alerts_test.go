package main

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v2"
)

// An alert is one of alerts/redis_sentinel.rules.yml, with what it leads to.
type alert struct {
	name  string
	expr  string
	uses  map[string]bool // metrics; those of recorded ones in place of them
	link  *url.URL
	board jsonBoard
	panel *jsonPanel // nil if there is none
}

// alerts returns all, with the panels they link to.
func alerts(t *testing.T) []alert {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Record, Expr string
				Annotations         map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(readFile(t, "../../alerts/redis_sentinel.rules.yml")), &file); err != nil {
		t.Fatal(err)
	}
	boards := dashboards(t)
	recorded := map[string]map[string]bool{}
	var list []alert
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			uses := usedBy(t, r.Expr, recorded)
			if r.Record != "" {
				recorded[r.Record] = uses
				continue
			}
			a := alert{name: r.Alert, expr: r.Expr, uses: uses}
			a.follow(t, boards, r.Annotations["dashboard_url"])
			list = append(list, a)
		}
	}
	if len(list) < 30 {
		t.Fatalf("there are only %d alerts: they are not read rightly", len(list))
	}
	return list
}

// usedBy returns the metrics of an expression.
func usedBy(t *testing.T, expr string, recorded map[string]map[string]bool) map[string]bool {
	t.Helper()
	parsed, err := parse(expr)
	if err != nil {
		t.Fatal(err)
	}
	uses := map[string]bool{}
	for _, s := range selectors(parsed) {
		if of, ok := recorded[s.name]; ok {
			maps.Copy(uses, of)
			continue
		}
		uses[s.name] = true
	}
	return uses
}

// follow finds where a link leads to.
func (a *alert) follow(t *testing.T, boards []jsonBoard, link string) {
	t.Helper()
	// The values of the variables are templates, which are no matter here.
	u, err := url.Parse(regexp.MustCompile(`\{\{.*?\}\}`).ReplaceAllString(link, "x"))
	if err != nil {
		t.Fatal(err)
	}
	a.link = u
	for _, b := range boards {
		if u.Path != "/d/"+b.UID {
			continue
		}
		a.board = b
		for _, p := range b.drawn() { // Grafana opens a closed row for a link into it
			if strconv.Itoa(int(p.ID)) == u.Query().Get("viewPanel") {
				a.panel = &p
			}
		}
	}
}

// TestAlertLinks: each alert leads to a panel that there is, which asks for a
// metric that the alert is about, and sets variables that there are.
func TestAlertLinks(t *testing.T) {
	t.Parallel()
	for _, a := range alerts(t) {
		if a.panel == nil {
			t.Errorf("%s: %s leads nowhere", a.name, a.link)
			continue
		}
		for name := range a.link.Query() {
			variable, is := strings.CutPrefix(name, "var-")
			known := slices.ContainsFunc(a.board.Templating.List, func(v jsonVariable) bool { return v.Name == variable })
			if is && !known {
				t.Errorf("%s: %s has no variable %s", a.name, a.board.UID, variable)
			}
		}
		if a.name == "RedisSentinelWatchdog" {
			a.uses["ALERTS"] = true // it has no metric: it is seen among the alerts
		}
		subject := a.subject()
		shared := false
		for _, target := range a.panel.Targets {
			for name := range usedBy(t, a.board.interpolate(target.Expr, nil, sample()), nil) {
				shared = shared || subject[name]
			}
		}
		if !shared {
			t.Errorf("%s leads to %q, which has nothing of %v", a.name, a.panel.Title, slices.Sorted(maps.Keys(subject)))
		}
	}
}

// subject returns the metrics that an alert is about: without those that many
// have only to leave out who does not answer and what cannot be told, unless it
// has no others.
func (a alert) subject() map[string]bool {
	rest := maps.Clone(a.uses)
	for _, guard := range []string{"redis_sentinel_up", "redis_sentinel_tilt", "redis_sentinel_master_failover_in_progress"} {
		if len(rest) > 1 {
			delete(rest, guard)
		}
	}
	return rest
}

// A sign is the number that a panel shows when an alert fires, and one when it
// does not.
type sign struct{ fires, silent float64 }

// signs are those that do not follow from the alert's expression, since the panel
// shows several things in one number, or in another way.
func signs() map[string]sign {
	return map[string]sign{
		"RedisSentinelMasterRoleMismatch":     {3, 0},
		"RedisSentinelMasterSubjectivelyDown": {1, 0},
		"RedisSentinelMasterDown":             {60, 0}, // seconds, of one of two metrics
		"RedisSentinelReplicaRoleMismatch":    {4, 0},
		"RedisSentinelReplicaDown":            {3, 0},
		"RedisSentinelReplicaWrongMaster":     {2, 0},
		"RedisSentinelReplicaLinkDown":        {1, 0},
		"RedisSentinelQuorumUnreachable":      {1, 0},
		"RedisSentinelMajorityUnreachable":    {2, 0},
		"RedisSentinelGhosts":                 {2, 0},     // peers that are down
		"RedisSentinelPeersUnreachable":       {1, 0},     // it counts them, without a comparison
		"RedisSentinelEpochsDisagree":         {1, 0},     // the difference of the two sides
		"RedisSentinelMasterMissing":          {0.999, 1}, // the ratio of the two sides
		"RedisSentinelTooFewVoters":           {0.5, 1},   // those that monitor the master, of those that answer
	}
}

// unsigned are the alerts whose panels have no number to compare, with the reason.
func unsigned() map[string]string {
	return map[string]string{
		"RedisSentinelWatchdog":            "it always fires",
		"RedisSentinelExporterAbsent":      "there is nothing to show then",
		"RedisSentinelDeploymentVanished":  "there is nothing to show then",
		"RedisSentinelSettingsDrift":       "one looks at the lines of a table side by side",
		"RedisSentinelPeersUnknown":        "one compares a column of a table with the number of its lines",
		"RedisSentinelQuorumMisconfigured": "five comparisons, of a table's columns with each other",
		"RedisSentinelDuplicateId":         "a column of a table says it in words",
		"RedisSentinelSharedNode":          "the table lists only checks that fail",
		"RedisSentinelHostLoss":            "a line among others, of which none is good or bad",
		"RedisSentinelNodeListedTwice":     "one looks at the run ids in two lines of a table",
		"RedisSentinelLoopbackAddress":     "it is about a label, not a number",
		"RedisSentinelRestartFails":        "the table lists only what is wrong, in words",
		"RedisSentinelNoNamedMaster":       "the table lists only what is wrong, in words",
		"RedisSentinelMasterEmptied":       "the table lists only what is wrong, in words",
		"RedisSentinelMasterPaused":        "the table lists only checks that fail",
		"RedisSentinelReplicaToldAgain":    "the table lists only checks that fail",
		"RedisSentinelMasterResetAgain":    "the table lists only checks that fail",
		"RedisSentinelFailoverHappened":    "any bar is one",
		"RedisSentinelFailoverLosesData":   "the table lists only checks that fail",
		"RedisSentinelMasterRefusesWrites": "the table lists only checks that fail",
		"RedisSentinelFailoverAborted":     "any bar is one",
	}
}

// TestThresholds: what fires an alert has another colour than what does not, and
// not that of what is good; the bound is that of the alert's expression.
func TestThresholds(t *testing.T) {
	t.Parallel()
	for _, a := range alerts(t) {
		if unsigned()[a.name] != "" || a.panel == nil {
			continue
		}
		s, ok := signs()[a.name]
		if !ok {
			s = bound(t, a)
		}
		fires, silent := a.panel.color(t, s.fires), a.panel.color(t, s.silent)
		if fires == silent || fires == good {
			t.Errorf("%s: %q shows %v, which fires it, in %s, and %v, which does not, in %s", a.name, a.panel.Title, s.fires, fires, s.silent, silent)
		}
	}
}

// bound returns numbers on both sides of an alert's bound.
func bound(t *testing.T, a alert) sign {
	t.Helper()
	expr, err := parse(a.expr)
	if err != nil {
		t.Fatal(err)
	}
	op, at, ok := comparison(expr)
	if !ok {
		t.Errorf("%s compares with no number: say in signs or unsigned what its panel shows", a.name)
		return sign{}
	}
	step := 0.001
	if a.panel.FieldConfig.Defaults.Unit == "none" { // whole numbers
		step = 1
	}
	switch op {
	case parser.GTR, parser.NEQ:
		// At the bound itself a line of whole numbers is still good; of others no
		// one can tell.
		if step < 1 && at != 0 {
			return sign{at + step, at - step}
		}
		return sign{at + step, at}
	case parser.LTE:
		return sign{at, at + step}
	case parser.EQLC:
		return sign{at, 1 - at} // of 0 and 1, or of a number that must not be 0
	}
	t.Errorf("%s: the test does not know %s", a.name, op)
	return sign{}
}

// comparison finds the comparison with a number in an expression, which others
// may restrict (and, unless). That with a part of something is one as well: its
// panel shows the ratio.
func comparison(expr parser.Expr) (op parser.ItemType, number float64, ok bool) {
	b, is := unwrapped(expr).(*parser.BinaryExpr)
	if !is {
		return 0, 0, false
	}
	if b.Op == parser.LAND || b.Op == parser.LUNLESS {
		return comparison(b.LHS)
	}
	if !b.Op.IsComparisonOperator() {
		return 0, 0, false
	}
	if number, ok = constant(b.RHS); ok {
		return b.Op, number, true
	}
	if part, is := unwrapped(b.RHS).(*parser.BinaryExpr); is && part.Op == parser.MUL {
		number, ok = constant(part.LHS)
	}
	return b.Op, number, ok
}

func unwrapped(expr parser.Expr) parser.Expr {
	for {
		p, ok := expr.(*parser.ParenExpr)
		if !ok {
			return expr
		}
		expr = p.Expr
	}
}

// constant computes a product of numbers.
func constant(expr parser.Expr) (float64, bool) {
	switch e := unwrapped(expr).(type) {
	case *parser.NumberLiteral:
		return e.Val, true
	case *parser.BinaryExpr:
		left, okLeft := constant(e.LHS)
		right, okRight := constant(e.RHS)
		return left * right, okLeft && okRight && e.Op == parser.MUL
	}
	return 0, false
}

// TestSigns: the exceptions are about alerts that there are.
func TestSigns(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, a := range alerts(t) {
		names[a.name] = true
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(signs())), slices.Collect(maps.Keys(unsigned()))) {
		if !names[name] {
			t.Errorf("there is no alert %s", name)
		}
	}
}
