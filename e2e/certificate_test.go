package e2e_test

import (
	"path/filepath"
	"testing"

	"redis_sentinel_exporter/internal/sentineltest"
)

type certificate struct{ cert, key string } // files

func newCertificate(t *testing.T, dir string) certificate {
	t.Helper()
	c, err := sentineltest.NewCertificates(filepath.Clean(dir))
	if err != nil {
		t.Fatal(err)
	}
	return certificate{c.ClientCert, c.ClientKey}
}
