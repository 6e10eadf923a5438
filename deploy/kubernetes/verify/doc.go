// Package verify holds the Kubernetes manifests to what they promise. It is a
// module of its own so that Kubernetes is no dependency of the exporter.
package verify
