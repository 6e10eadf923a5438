package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// step is the resolution of the annotation queries.
const step = "1m"

// A mark is an annotation.
type mark struct {
	name, color string
	expr        string // in the notation of expand
	title, text string
	valueIsTime bool // the value is the time in milliseconds
}

func marks() []mark {
	return []mark{
		{
			"Failovers", "blue", inQuery("max by (MASTER) (redis_sentinel_last_switch_timestamp_seconds{ALL})") + " * 1000",
			"Failover of {{master_name}}", `{{job}}: <a href="` + exporter + `/history?master={{query}}" target="_blank">what happened, and why</a>`, true,
		},
		{
			"Firing alerts", "red", `max by (JOB, alertname, severity) (ALERTS{alertname=~"RedisSentinel.+", alertstate="firing", severity!~"none|info", job=~"$job|", deployment=~"$deployment|", master_name=~"$master_name|"})`,
			"{{alertname}}", "{{severity}}: {{job}} {{deployment}}", false,
		},
		{
			"Sentinels started", "purple", "redis_sentinel_uptime_seconds{SENTINEL} < 60",
			"Sentinel started", "{{sentinel}} ({{instance}})", false,
		},
		{
			"Exporters started", "#808080", "time() - process_start_time_seconds{JOB} < 60",
			"Exporter started", "{{instance}}", false,
		},
	}
}

// inQuery gives a series the label query: the master and the deployment as the query of a link has them. Grafana writes
// the name of a label in the place of one that a series does not have, and not all have a deployment.
func inQuery(expr string) string {
	return `label_join(` + expr + `, "query", "&deployment=", "master_name", "deployment")`
}

func annotations() []cog.Builder[dashboard.AnnotationQuery] {
	var list []cog.Builder[dashboard.AnnotationQuery]
	for _, m := range marks() {
		list = append(list, m.build())
	}
	return list
}

// build leaves the switch for it in the menu, and gives the query twice: Grafana 10 and older read it beside the title,
// newer ones in the target.
func (m mark) build() *dashboard.AnnotationQueryBuilder {
	target := prometheus.NewDataqueryBuilder().RefId("Anno").Expr(expand(m.expr)).Interval(step).Range()
	return dashboard.NewAnnotationQueryBuilder().
		Name(m.name).
		Datasource(source()).
		Enable(true).
		IconColor(m.color).
		Target(target).
		Expr(expand(m.expr)).
		Step(step).
		TitleFormat(m.title).
		TextFormat(m.text).
		UseValueForTime(m.valueIsTime)
}
