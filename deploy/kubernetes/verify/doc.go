// Package verify holds the Kubernetes manifests, and the Helm chart, to what they promise,
// and to each other. It is a module of its own so that Kubernetes and Helm are no dependency of
// the exporter.
package verify
