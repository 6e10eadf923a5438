package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redis_sentinel_exporter/web"
)

// configOf makes a Config from a command line.
func configOf(t *testing.T, args ...string) *Config {
	t.Helper()
	var f programFlags
	if _, _, err := parse(newApp(&f), args); err != nil {
		t.Fatal(err)
	}
	config, err := newConfig(&f)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// What several flags say together is in the part of the Config that needs it.
func TestConfig(t *testing.T) {
	t.Parallel()
	modules := write(t, "probe.yml", "modules: {a: {}}")
	users := write(t, "admin.yml", "basic_auth_users: {x: $2y$10$.uJO.qLDHVrSYBiK7iLo4.pX4n3NFYZrlZdL5xGm0GwT8TsPs6rCO}")
	c := configOf(t, "--sentinel.address=b:1,a:2", "--sentinel.timeout=7s", "--timeout-offset=1s", "--collector.info-cache",
		"--sentinel.discover-peers", "--config.file="+modules, "--admin.listen-address=:1", "--admin.config.file="+users)
	if diff := cmp.Diff([]string{"b:1", "a:2"}, c.Sentinels.Addresses); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	if !c.Sentinels.FollowPeers || c.Sentinels.Timeout != 7*time.Second || !c.Sentinels.Client.InfoCache {
		t.Errorf("got the Sentinels %+v", c.Sentinels)
	}
	want := web.Options{TelemetryPath: "/metrics", MaxRequests: 40, Timeout: 7 * time.Second, TimeoutOffset: time.Second}
	if diff := cmp.Diff(want, c.Web); diff != "" {
		t.Errorf("web (-want +got):\n%s", diff)
	}
	if c.Modules.Config().Module("a") == nil {
		t.Error("the module of --config.file is missing")
	}
	if c.AdminListen == nil || *c.AdminListen.WebConfigFile != users || *c.AdminListen.WebSystemdSocket {
		t.Errorf("the admin server listens at %+v", c.AdminListen)
	}
}

func TestConfigOnlyProbes(t *testing.T) {
	t.Parallel()
	c := configOf(t, "--config.file="+write(t, "probe.yml", "modules: {a: {}}"))
	if !c.Web.OnlyProbes || len(c.Sentinels.Addresses) != 0 || c.AdminListen != nil {
		t.Errorf("got %+v", c)
	}
	if c := configOf(t); c.Web.OnlyProbes || len(c.Sentinels.Addresses) != 1 {
		t.Errorf("without flags: got %+v", c)
	}
}

// A command that serves nothing does not read what only serve needs.
func TestCommandsDoNotReadTheFilesOfServe(t *testing.T) {
	t.Parallel()
	args := []string{"watch", "--sentinel.address=a:1", "--config.file=/nowhere", "--web.config.file=/nowhere",
		"--admin.listen-address=:1", "--admin.config.file=/nowhere"}
	var f programFlags
	if _, _, err := parse(newApp(&f), args); err != nil {
		t.Fatal(err)
	}
	if _, err := newConfig(&f); err == nil {
		t.Error("serve does not read them either")
	}
	if c, err := newCommandConfig(&f); err != nil || len(c.Addresses) != 1 {
		t.Errorf("got %+v, %v", c, err)
	}
}
