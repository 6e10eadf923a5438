package health

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// atOnce is how many tests run at one time: those on real deployments mostly
// wait.
const atOnce = "8"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
