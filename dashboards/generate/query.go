package main

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// A query is one of a panel.
type query struct {
	expr   string // in the notation of expand
	legend string
}

// expand writes out the short notation of the queries. In braces, or after "by",
// a word in capitals stands for labels:
//
//	{JOB}       of the jobs and deployments chosen
//	{SENTINEL}  and of the Sentinels chosen
//	{MASTER}    and of the masters chosen, as those Sentinels see them
//	{ALL}       of the masters chosen, over all Sentinels
//	{CHECKS}    the same, and what is about no master
//
// instance distinguishes Sentinels that each have an exporter beside them, and so all have
// the same loopback address.
func expand(expr string) string {
	const (
		job      = `job=~"$job", deployment=~"$deployment"`
		sentinel = job + `, sentinel=~"$sentinel"`
		master   = `, master_name=~"$master_name"`
	)
	return strings.NewReplacer(
		"{JOB", "{"+job,
		"{SENTINEL", "{"+sentinel,
		"{MASTER", "{"+sentinel+master,
		"{ALL", "{"+job+master,
		"{CHECKS", "{"+job+`, master_name=~"$master_name|"`,
		"(JOB", "(job, deployment",
		"(SENTINEL", "(job, deployment, instance, sentinel",
		"(MASTER", "(job, deployment, master_name",
	).Replace(expr)
}

// Legends. Where there is little room Grafana shows their end.
const (
	byMaster   = "({{job}}) {{deployment}} {{master_name}}"
	bySentinel = "({{instance}}) {{sentinel}}"
	byBoth     = "({{instance}}) {{master_name}}: {{sentinel}}"
)

// exporters are those that are chosen, scraped or not.
const exporters = `up{JOB, job=~"redis[_-]sentinel.*"}`

// grown returns by how much a counter has grown, in whole numbers and without
// counting its birth or its return, on which Prometheus and VictoriaMetrics differ.
func grown(counter, window string) string {
	return "last_over_time(" + counter + window + ") - min_over_time(" + counter + window + ")"
}

// counted is grown for a counter whose series begin with what they count: that is all of a
// series which was not there at the beginning of the window, while its exporter was.
func counted(counter, window string) string {
	return "1 * (last_over_time(" + counter + "[" + window + "]) unless " + counter + " offset " + window +
		" and on (JOB, instance) up{JOB} offset " + window + " == 1)" +
		" or " + grown(counter, "["+window+"]")
}

// ever leaves only those of a range that were not well in it: wrong says when of the
// metric is not.
func ever(expr, labels, wrong string) string {
	return expr + " and on (" + labels + ") " + wrong
}

// refID names the queries of a panel A, B, C.
func refID(i int) string { return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i : i+1] }

// over returns the query over the time that the dashboard shows.
func (q query) over(i int) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().
		RefId(refID(i)).
		Datasource(source()).
		EditorMode(prometheus.QueryEditorModeCode).
		Expr(expand(q.expr)).
		LegendFormat(q.legend).
		Range()
}

// now returns the query at the end of that time.
func (q query) now(i int) *prometheus.DataqueryBuilder {
	return q.over(i).Instant()
}
