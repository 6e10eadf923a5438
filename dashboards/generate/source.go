package main

import "github.com/grafana/grafana-foundation-sdk/go/common"

// source is the Prometheus that was chosen: a variable serves both who imports a
// dashboard and who provisions it.
func source() common.DataSourceRef {
	kind, uid := "prometheus", "${datasource}"
	return common.DataSourceRef{Type: &kind, Uid: &uid}
}
