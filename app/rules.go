package app

import (
	"io"

	"github.com/alecthomas/kingpin/v2"

	"redis_sentinel_exporter/alerts"
)

// addRules adds the command that prints the alert rules, which asks no Sentinel.
func addRules(app *kingpin.Application, c *alerts.Config) {
	c.For, c.Severity, c.Threshold = map[string]string{}, map[string]string{}, map[string]string{} // kingpin makes none
	command := app.Command(rulesCommand, "Print the alert rules for Prometheus, with your labels, addresses, times and severities.")
	command.Flag("job", "The jobs of the exporters, as a regular expression; redis[_-]sentinel.* if not given.").
		PlaceHolder("REGEXP").StringVar(&c.Jobs)
	command.Flag("selector", `Matchers that every metric in the rules gets, such as cluster="eu". With one for job, give --job as well.`).
		PlaceHolder("MATCHERS").StringVar(&c.Selector)
	command.Flag("group-label", "A label of the targets that tells deployments apart, besides job and deployment, such as cluster. Alerts keep it. Repeatable.").
		PlaceHolder("LABEL").StringsVar(&c.GroupLabels)
	command.Flag("runbook-url", "Where your runbooks are: the alert's name and .md are added.").
		PlaceHolder("URL").StringVar(&c.RunbookURL)
	command.Flag("dashboard-url", "Where your Grafana is.").
		PlaceHolder("URL").StringVar(&c.DashboardURL)
	command.Flag("exporter-url", "Where people reach the pages of the exporter: alerts about a failover link to its record.").
		PlaceHolder("URL").StringVar(&c.ExporterURL)
	command.Flag("for", "How long an alert waits before it fires, such as RedisSentinelFailoverStuck=10m. Repeatable.").
		PlaceHolder("ALERT=DURATION").StringMapVar(&c.For)
	command.Flag("severity", "The severity of an alert, such as RedisSentinelHostLoss=info. Repeatable.").
		PlaceHolder("ALERT=SEVERITY").StringMapVar(&c.Severity)
	command.Flag("threshold", "What an alert compares with, such as RedisSentinelClientsNearLimit=0.8, where the rules say which number it is. Repeatable.").
		PlaceHolder("ALERT=NUMBER").StringMapVar(&c.Threshold)
	command.Flag("without", "An alert to leave out. Repeatable.").
		PlaceHolder("ALERT").StringsVar(&c.Without)
}

func printRules(c alerts.Config, out io.Writer) error {
	text, err := alerts.Rules(c)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}
