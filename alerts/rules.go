package alerts

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// committed are the rules as they are read and tested. What a Config changes has a form in
// them by which it is found: see fill.
//
//go:embed redis_sentinel.rules.yml
var committed string

// Rules returns the file of rules that a Config makes of the committed one. The order, the
// comments and the lines stay as they are.
func Rules(c Config) (string, error) {
	if err := c.check(names()); err != nil {
		return "", err
	}
	selector, err := c.matchers()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, p := range pieces() {
		text, err := c.fill(p, selector)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// A piece is one alert of the file, or the lines between two.
type piece struct{ alert, text string }

// pieces cuts the file up.
func pieces() []piece {
	const begin = "      - alert: "
	var list []piece
	for line := range strings.Lines(committed) {
		name, isAlert := strings.CutPrefix(line, begin)
		between := line == "\n" || strings.HasPrefix(line, "      #")
		switch {
		case isAlert:
			list = append(list, piece{alert: strings.TrimSpace(name)})
		case len(list) == 0 || between && list[len(list)-1].alert != "":
			list = append(list, piece{})
		}
		list[len(list)-1].text += line
	}
	return list
}

// names returns the alerts in their order.
func names() []string {
	var list []string
	for _, p := range pieces() {
		if p.alert != "" {
			list = append(list, p.alert)
		}
	}
	return list
}

// fill returns a piece with what the Config says.
func (c Config) fill(p piece, selector string) (string, error) {
	if slices.Contains(c.Without, p.alert) {
		return "", nil
	}
	text := p.text
	if p.alert == "" {
		return text, nil
	}
	if value, ok := c.Threshold[p.alert]; ok {
		old := regexp.MustCompile(`(?m)^ *# threshold: (.+)$`).FindStringSubmatch(text)
		if old == nil {
			return "", fmt.Errorf("%s has no threshold", p.alert)
		}
		// As in the comment, so in the expression.
		text = regexp.MustCompile(`(# threshold: |[<>] )`+regexp.QuoteMeta(old[1])+`(\s)`).ReplaceAllString(text, "${1}"+value+"${2}")
	}
	if d, ok := c.For[p.alert]; ok {
		text = regexp.MustCompile(`(?m)^        for: .*\n`).ReplaceAllString(text, "")
		text = strings.Replace(text, "        labels:\n", "        for: "+d+"\n        labels:\n", 1)
		if keep := regexp.MustCompile(`(?m)^        keep_firing_for: .*\n`).FindString(text); keep != "" {
			text = strings.Replace(text, keep+"        for: "+d+"\n", "        for: "+d+"\n"+keep, 1)
		}
	}
	if v, ok := c.Severity[p.alert]; ok {
		text = regexp.MustCompile(`(?m)^( *severity: ).*$`).ReplaceAllString(text, "${1}"+strconv.Quote(v))
	}
	text = strings.Replace(text, "{{ with $labels.deployment }}/{{ . }}{{ end }}", "{{ with $labels.deployment }}/{{ . }}{{ end }}"+c.each("{{ with $labels.%s }}/{{ . }}{{ end }}"), 1)
	const deployment = "{{ with $labels.deployment }}&var-deployment={{ . | urlquery }}{{ end }}"
	text = strings.Replace(text, deployment, deployment+c.each("{{ with $labels.%[1]s }}&var-%[1]s={{ . | urlquery }}{{ end }}"), 1)
	if c.RunbookURL != "" {
		text = strings.ReplaceAll(text, runbookURL, c.RunbookURL)
	}
	if c.DashboardURL != "" {
		text = strings.ReplaceAll(text, dashboardURL, c.DashboardURL)
	}
	if c.ExporterURL != "" {
		text = strings.ReplaceAll(text, exporterURL, c.ExporterURL)
	}
	about := jobs
	if c.Jobs != "" {
		about = c.Jobs
	}
	if selector != "" {
		about += " and " + selector
	}
	quoted := strconv.Quote(about)
	text = strings.Replace(text, "that matches "+jobs+":", "that matches "+quoted[1:len(quoted)-1]+":", 1)
	return c.expression(text, selector), nil
}

// each writes something for each of the further labels.
func (c Config) each(format string) string {
	var b strings.Builder
	for _, l := range c.GroupLabels {
		fmt.Fprintf(&b, format, l)
	}
	return b.String()
}

// expression changes the expression in an alert. Nothing in it has the name of a metric but
// the metrics.
func (c Config) expression(text, selector string) string {
	part := regexp.MustCompile(`(?m)^        expr: (.*)\n((?:          .*\n)*)`)
	return part.ReplaceAllStringFunc(text, func(whole string) string {
		m := part.FindStringSubmatch(whole)
		old := m[2]
		if m[1] != "|-" {
			old = "          " + strings.Trim(m[1], "'") + "\n"
		}
		expr := regexp.MustCompile(`\b(by|on) \(job, deployment\b`).ReplaceAllString(old, "$0"+c.each(", %s"))
		// In one pass, as a job can be called what a metric is.
		expr = regexp.MustCompile(`job=~"`+regexp.QuoteMeta(jobs)+`"|\b(redis_sentinel_[a-z_]+|up)\b(\{?)`).ReplaceAllStringFunc(expr, func(found string) string {
			name, selects := strings.CutSuffix(found, "{")
			switch {
			case strings.HasPrefix(found, "job="):
				if c.Jobs == "" {
					return found
				}
				return "job=~" + strconv.Quote(c.Jobs)
			case selector == "":
				return found
			case selects:
				return name + "{" + selector + ", "
			default:
				return name + "{" + selector + "}"
			}
		})
		if expr == old {
			return whole
		}
		return "        expr: |-\n" + expr
	})
}
