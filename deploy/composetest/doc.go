// Package composetest looks at docker-compose.yml and the Dockerfiles, and with
// the build tag compose, starts them on a Docker engine of its own. It is a module
// of its own, so that the exporter does not depend on what reads such files.
package composetest
