package health_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"redis_sentinel_exporter/health"
	"redis_sentinel_exporter/internal/sentineltest"
	"redis_sentinel_exporter/internal/sentineltest/faults"
)

// namedServers writes a program that runs the server with host names of its own, and returns
// that and the file with the names, which it reads again when it changes.
func namedServers(t *testing.T) (program, hosts string) {
	t.Helper()
	libraries, err := filepath.Glob("/usr/lib/*/libnss_wrapper.so")
	if err != nil || len(libraries) == 0 {
		t.Fatalf("there is no libnss_wrapper.so, which Debian has in the package libnss-wrapper (%v)", err)
	}
	server := os.Getenv("REDIS_SERVER")
	if server == "" {
		server = "redis-server"
	}
	if server, err = exec.LookPath(server); err != nil {
		t.Fatal(err)
	}
	if server, err = filepath.Abs(server); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, hosts = filepath.Join(dir, "server"), filepath.Join(dir, "hosts")
	script := fmt.Sprintf("#!/bin/sh\nLD_PRELOAD='%s' NSS_WRAPPER_HOSTS='%s' exec '%s' \"$@\"\n", libraries[0], hosts, server)
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return program, hosts
}

// TestMasterHasMoved gives the name of a master another address while the Sentinels are
// connected to it. It is found within 10 s, and the command of the finding ends it.
func TestMasterHasMoved(t *testing.T) {
	t.Parallel()
	const name, elsewhere = "localhost", "127.0.0.2"
	program, hosts := namedServers(t)
	resolveTo := func(address string) {
		t.Helper()
		next := hosts + ".next"
		if err := os.WriteFile(next, []byte(address+" "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, hosts); err != nil {
			t.Fatal(err)
		}
	}
	shell := newShell(t)
	resolveTo("127.0.0.1")
	rig := &faults.Rig{Topology: sentineltest.Run(t, sentineltest.Config{
		Binary: program, Replicas: 1, DownAfter: 5 * time.Second, FailoverTimeout: 3 * time.Second,
		NodeConf:     []string{"bind 127.0.0.1 " + elsewhere},
		SentinelConf: []string{"sentinel resolve-hostnames yes", "sentinel announce-hostnames yes"},
	})}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	d := deploymentOf(t, rig.ClientAddrs())
	listenTo(t, d)
	for i, s := range rig.Sentinels {
		row, err := s.Row(ctx, "SENTINEL", "MASTER", faults.MasterName)
		if err != nil {
			t.Fatal(err)
		}
		for k := range row {
			if row[k].Name == "ip" {
				row[k].Value = name
			}
		}
		if _, err := s.CLI(ctx, "SENTINEL", "REMOVE", faults.MasterName); err != nil {
			t.Fatal(err)
		}
		if err := rig.MonitorAs(ctx, i, row); err != nil {
			t.Fatal(err)
		}
	}
	master := net.JoinHostPort(name, fmt.Sprint(rig.Masters[0].Node.Port()))
	if _, err := rig.Masters[0].Replicas[0].CLI(ctx, "REPLICAOF", name, fmt.Sprint(rig.Masters[0].Node.Port())); err != nil {
		t.Fatal(err)
	}
	eventually(t, d, "at first", nil)

	resolveTo(elsewhere)
	began := time.Now()
	var f *health.Finding
	look := func() bool {
		r := assess(ctx, d, askFor)
		f = findingOf(&r, "replica_told_again")
		return f != nil
	}
	sentineltest.WaitFor(t, "the finding", look)
	if took := time.Since(began); took > 12*time.Second || f.Severity != health.Warning || f.Node != rig.Masters[0].Replicas[0].Addr() {
		t.Errorf("after %s: %+v", took, f)
	}
	t.Logf("after %s: %s", time.Since(began), f.Message)
	within := []string{"warning replica_told_again", "critical no_promotable_replica under replica_told_again"}
	for end := time.Now().Add(11 * time.Second); time.Now().Before(end); { // told again, and disconnected, at least once
		r := assess(ctx, d, askFor)
		for _, other := range found(&r) {
			if !slices.Contains(within, other) {
				t.Fatalf("meanwhile there is also %s:\n%s", other, messages(&r))
			}
		}
	}
	if len(f.Commands) != 1 {
		t.Fatalf("the commands are %q", f.Commands)
	}
	shell.run(ctx, t, f.Commands[0], "")
	eventually(t, d, "after the command at "+master, nil)
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); { // that nothing comes has no condition
		if look() {
			t.Fatalf("again: %s", f.Message)
		}
	}
}
