package sentineltest

import (
	"context"
	"os"
	"slices"
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

// NothingDenied fails the test if a master or a replica that lives has refused a command or a key to a user, by its ACL
// LOG, whatever became of the error.
func (t *Topology) NothingDenied(tb testing.TB, user string) {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context()) // a test can call it as it ends
	for _, m := range t.Masters {
		for _, n := range m.DataNodes() {
			if !n.Live() {
				continue
			}
			text, err := n.CLI(ctx, "ACL", "LOG")
			if err != nil {
				tb.Errorf("%s: ACL LOG: %v", n.Name(), err)
			}
			for entry := range strings.SplitSeq(text, "\nreason\n") {
				words := strings.Split(entry, "\n")
				value := func(name string) string {
					i := slices.Index(words, name)
					if i < 0 || i+1 >= len(words) {
						return ""
					}
					return words[i+1]
				}
				if value("username") == user && words[0] != "auth" {
					tb.Errorf("%s has refused %s to %s", n.Name(), value("object"), user)
				}
			}
		}
	}
}
