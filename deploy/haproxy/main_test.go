package haproxy_test

import (
	"testing"

	"redis_sentinel_exporter/e2e/exportertest"
)

func TestMain(m *testing.M) { exportertest.Main(m) }
