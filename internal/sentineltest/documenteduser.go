package sentineltest

import (
	"os"
	"strings"
	"testing"
)

// DocumentedUser returns the line of a page that makes a user of the servers, with a password in place of PASSWORD.
func DocumentedUser(t testing.TB, page, user, password string) string {
	t.Helper()
	text, err := os.ReadFile(page) //nolint:gosec // the test chooses it
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "user "+user+" ") {
			return strings.Replace(strings.TrimSpace(line), ">PASSWORD", ">"+password, 1)
		}
	}
	t.Fatalf("%s has no user %s", page, user)
	return ""
}
