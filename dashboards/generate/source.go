package main

import "github.com/grafana/grafana-foundation-sdk/go/common"

// source is the selected Prometheus. It is a variable, which works for imported and for
// provisioned dashboards.
func source() common.DataSourceRef {
	kind, uid := "prometheus", "${datasource}"
	return common.DataSourceRef{Type: &kind, Uid: &uid}
}
