package main

import (
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// variables returns the variables of the selection. Each is limited by those before it. They
// look at the whole time range, so that a Sentinel that is down now can still be chosen. What the dashboard is about is in the bar, the others are in its menu:
// all would not fit on a telephone. Older versions of Grafana have no menu.
func (b board) variables() []cog.Builder[dashboard.VariableModel] {
	list := []cog.Builder[dashboard.VariableModel]{
		dashboard.NewDatasourceVariableBuilder("datasource").Label("Data source").Type("prometheus").Hide(dashboard.VariableHideInControlsMenu),
	}
	for _, v := range []*dashboard.QueryVariableBuilder{
		// The same jobs as in the alerts; up is there even if no exporter is.
		b.choice("job", "Job", ".+", `label_values(up{job=~"redis[_-]sentinel.*"}, job)`,
			"The Prometheus job of a deployment's exporters."),
		// A label that targets may have: where they have none, All matches that too.
		b.choice("deployment", "Deployment", ".*", `label_values(redis_sentinel_up{job=~"$job"}, deployment)`,
			"The label deployment of the targets, if your configuration gives them one."),
		b.choice("master_name", "Master", ".+", `label_values(redis_sentinel_master_ok{job=~"$job", deployment=~"$deployment"}, master_name)`,
			"The name under which the Sentinels monitor a master."),
		b.choice("sentinel", "Sentinel", ".+", `label_values(redis_sentinel_up{job=~"$job", deployment=~"$deployment"}, sentinel)`,
			"The address at which the exporter asks a Sentinel."),
	} {
		list = append(list, v)
	}
	return list
}

// choice begins with All, or with the first of what the dashboard is about one of.
func (b board) choice(name, label, all, query, description string) *dashboard.QueryVariableBuilder {
	v := dashboard.NewQueryVariableBuilder(name).
		Label(label).
		Description(description).
		Datasource(source()).
		Query(dashboard.StringOrMap{String: &query}).
		Definition(query).
		Multi(true).
		AllValue(all).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc)
	if !slices.Contains(b.inBar, name) {
		v.Hide(dashboard.VariableHideInControlsMenu)
	}
	if slices.Contains(b.oneOf, name) {
		return v.IncludeAll(false)
	}
	everything := dashboard.VariableOption{
		Text:  dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
		Value: dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}},
	}
	return v.IncludeAll(true).Current(everything)
}
