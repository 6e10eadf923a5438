// Package mixin has the tests of mixin.libsonnet, for those who build alerts and dashboards with
// Jsonnet.
package mixin
