// Redis_sentinel_exporter is a Prometheus exporter for Redis and Valkey
// Sentinel: it asks every Sentinel of a deployment what it knows.
package main

import (
	"os"

	"redis_sentinel_exporter/app"
)

func main() {
	os.Exit(app.Main())
}
