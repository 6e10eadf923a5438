package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// variables returns the variables of the selection. Each is limited by those before it. They
// look at the whole time range, so that a Sentinel that is down now can still be chosen.
func variables() []cog.Builder[dashboard.VariableModel] {
	return []cog.Builder[dashboard.VariableModel]{
		dashboard.NewDatasourceVariableBuilder("datasource").Label("Data source").Type("prometheus"),
		// The same jobs as in the alerts; up is there even if no exporter is.
		choice("job", "Job", ".+", `label_values(up{job=~"redis[_-]sentinel.*"}, job)`,
			"The Prometheus job of a deployment's exporters."),
		// A label that targets may have: where they have none, All matches that too.
		choice("deployment", "Deployment", ".*", `label_values(redis_sentinel_up{job=~"$job"}, deployment)`,
			"The label deployment of the targets, if your configuration gives them one."),
		choice("master_name", "Master", ".+", `label_values(redis_sentinel_master_ok{job=~"$job", deployment=~"$deployment"}, master_name)`,
			"The name under which the Sentinels monitor a master."),
		choice("sentinel", "Sentinel", ".+", `label_values(redis_sentinel_up{job=~"$job", deployment=~"$deployment"}, sentinel)`,
			"The address at which the exporter asks a Sentinel."),
	}
}

func choice(name, label, all, query, description string) *dashboard.QueryVariableBuilder {
	everything := dashboard.VariableOption{
		Text:  dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
		Value: dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}},
	}
	return dashboard.NewQueryVariableBuilder(name).
		Label(label).
		Description(description).
		Datasource(source()).
		Query(dashboard.StringOrMap{String: &query}).
		Definition(query).
		Multi(true).
		IncludeAll(true).
		AllValue(all).
		Current(everything).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc)
}
