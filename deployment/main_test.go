package deployment

import (
	"testing"

	"go.uber.org/goleak"

	"redis_sentinel_exporter/sentinel"
)

func TestMain(m *testing.M) {
	sentinel.QuietLibrary()
	goleak.VerifyTestMain(m)
}
