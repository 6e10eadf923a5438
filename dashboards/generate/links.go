package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// runbooks is the same placeholder as in the alerts.
const runbooks = "https://runbooks.example.com"

// docs is that for the pages of docs/.
const docs = "https://docs.example.com"

// exporter is that for where the pages of the exporter are.
const exporter = "https://exporter.example.com"

// alertPrefix is what the names of all alerts and of their runbooks begin with.
const alertPrefix = "RedisSentinel"

// links returns the links to the other dashboards, with the current selection, and to the
// runbooks.
func links() []cog.Builder[dashboard.DashboardLink] {
	return []cog.Builder[dashboard.DashboardLink]{
		dashboard.NewDashboardLinkBuilder("Redis Sentinel").
			Type(dashboard.DashboardLinkTypeDashboards).
			Tags([]string{tag}).
			AsDropdown(true).
			IncludeVars(true).
			KeepTime(true),
		dashboard.NewDashboardLinkBuilder("Runbooks").
			Type(dashboard.DashboardLinkTypeLink).
			Icon("doc").
			Tooltip("What to do about each alert").
			Url(runbooks).
			TargetBlank(true),
	}
}

// A target is where a cell of a table leads to.
type target struct{ title, url string }

// same keeps the time range and the data source in a link to another dashboard.
const same = "?${__url_time_range}&${datasource:queryparam}"

// ofDeployment chooses the deployment of a row.
const ofDeployment = "&var-deployment=${__data.fields.deployment}"

func toDeployment() target {
	return target{"Deployment ${__value.raw}", "/d/redis-sentinel-overview" + same + "&var-deployment=${__value.raw:percentencode}&var-job=${__data.fields.job}"}
}

func toJob() target {
	return target{"Job ${__value.raw}", "/d/redis-sentinel-overview" + same + ofDeployment + "&var-job=${__value.raw:percentencode}"}
}

func toMaster() target {
	return target{"Master ${__value.raw}", "/d/redis-sentinel-master" + same + ofDeployment + "&var-job=${__data.fields.job}&var-master_name=${__value.raw:percentencode}"}
}

func toSentinel() target {
	return target{"Sentinel ${__value.raw}", "/d/redis-sentinel-sentinel" + same + ofDeployment + "&var-job=${__data.fields.job}&var-sentinel=${__value.raw:percentencode}"}
}

func toCheck() target {
	return target{"What ${__value.raw} looks for", docs + "/checks.md#${__value.raw}"}
}

func toRunbook() target {
	return target{"Runbook of ${__value.raw}", runbooks + "/${__value.raw}.md"}
}

// toRunbookOf is for what runbookNames names.
func toRunbookOf() target {
	return target{"Runbook of " + alertPrefix + "${__value.text}", runbooks + "/" + alertPrefix + "${__value.text}.md"}
}
