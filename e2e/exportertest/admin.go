package exportertest

import (
	"strings"
	"testing"

	"redis_sentinel_exporter/internal/sentineltest"
)

// AdminPassword is the password of the user operator. It must not appear anywhere.
const AdminPassword = "canary-admin-password"

// AdminUsers is a configuration of the admin listener, with the bcrypt hash of
// AdminPassword.
const AdminUsers = "basic_auth_users:\n  operator: $2a$04$vpVIiqQab1IAM6HMPRBNN.I6INcS4gt4ZAPHTvw3eDpVvShYyE/6G\n"

// StartAdmin is Start with an admin listener, configured by the file, at host:port.
func StartAdmin(t testing.TB, configFile string, args ...string) (e *Exporter, addr string) {
	t.Helper()
	addr = sentineltest.FreeAddr(t)
	e = Start(t, append(args, "--admin.listen-address="+addr, "--admin.config.file="+configFile)...)
	sentineltest.WaitFor(t, "the admin listener", func() bool { return strings.Contains(e.Stderr.String(), "The admin listener is open") })
	return e, addr
}
