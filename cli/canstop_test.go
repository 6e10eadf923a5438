package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"redis_sentinel_exporter/canstop"
	"redis_sentinel_exporter/cli"
	"redis_sentinel_exporter/internal/sentineltest"
)

// machines puts a node and a Sentinel on each of three hosts.
func machines(t *testing.T) *sentineltest.Topology {
	return sentineltest.Run(t, sentineltest.Config{Hosts: func(node string) string {
		host := map[string]string{"master-0": "1", "master-0-replica-0": "2", "master-0-replica-1": "3", "sentinel-0": "1", "sentinel-1": "2", "sentinel-2": "3"}
		return "127.81.0." + host[node]
	}})
}

func TestCanStop(t *testing.T) {
	t.Parallel()
	topo := machines(t)
	hosts := func(spec ...string) canstop.HostMap {
		m := make(canstop.HostMap)
		for i := 0; i < len(spec); i += 2 {
			m[spec[i]] = spec[i+1]
		}
		return m
	}
	for _, test := range []struct {
		words  string
		hosts  canstop.HostMap
		status int
		says   string
	}{
		{"127.81.0.1", nil, 0, "mymaster yes: 127.81.0.1 holds the master mymaster and 1 of 3 Sentinels; 127.81.0."},
		{"127.81.0.1", nil, 0, "first: fail over to 127.81.0."},
		{"127.81.0.2 127.81.0.3", nil, 1, "mymaster degraded: 127.81.0.2 and 127.81.0.3 hold 2 of 2 replicas and 2 of 3 Sentinels; it would be served, and nothing would replace it: 1 remains and 2 are needed"},
		{"127.81.0.1 127.81.0.3", nil, 2, "mymaster no: 127.81.0.1 and 127.81.0.3 hold the master mymaster and 1 of 2 replicas and 2 of 3 Sentinels; 1 remains and 2 are needed"},
		{"127.81.0.9", nil, 0, "mymaster yes: 127.81.0.9 holds nothing of it"},
		{"db1", nil, 3, "mymaster unknown: db1 holds nothing of it; whether 127.81.0."}, // it may be any of them
		{"rack-a", hosts("127.81.0.1", "rack-a", "127.81.0.3", "rack-a", "127.81.0.2", "rack-b"), 2, "mymaster no: rack-a holds the master"},
		{"rack-b", hosts("127.81.0.1", "rack-a", "127.81.0.3", "rack-a", "127.81.0.2", "rack-b"), 0, "mymaster yes: rack-b holds 1 of 2 replicas and 1 of 3 Sentinels"},
	} {
		var out, errs strings.Builder
		streams := cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Timeout: 10 * time.Second, HostMap: test.hosts}
		status := run(t.Context(), topo.SentinelAddrs(), streams, append([]string{"can-stop"}, strings.Fields(test.words)...)...)
		if status != test.status || !strings.Contains(out.String(), test.says) {
			t.Errorf("can-stop %s: exit code %d, want %d; it says\n%s%s\nwant\n%s", test.words, status, test.status, out.String(), errs.String(), test.says)
		}
	}
	if _, errs, status := output(t, []string{sentineltest.FreeAddr(t)}, time.Second, "can-stop"); status != 3 || !strings.Contains(errs, "no Sentinel has answered") {
		t.Errorf("nobody answers: exit code %d, %s", status, errs)
	}
}

// TestDrain follows the steps to the letter until each machine was restarted once, while
// somebody writes.
func TestDrain(t *testing.T) {
	t.Parallel()
	topo := machines(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	writer := write(ctx, topo)
	var done []string
	failovers := 0
	for {
		words := []string{"drain", "--next", "--output=json"}
		for _, host := range done {
			words = append(words, "--done="+host)
		}
		out, errs, status := output(t, topo.SentinelAddrs(), 10*time.Second, words...)
		var step struct {
			Action                canstop.DrainAction
			Host, Command, Reason string
		}
		if err := json.Unmarshal([]byte(out), &step); err != nil {
			t.Fatalf("%v: %s%s", err, out, errs)
		}
		t.Logf("%+v", step)
		switch {
		case ctx.Err() != nil:
			t.Fatalf("it does not end; the last step was %+v", step)
		case status > 1:
			t.Fatalf("exit code %d: %+v", status, step)
		case step.Action == canstop.Wait:
			time.Sleep(100 * time.Millisecond) // as a loop of a shell does
		case step.Action == canstop.Failover:
			failovers++
			command, found := strings.CutPrefix(step.Command, "redis_sentinel_exporter ")
			if !found {
				t.Fatalf("the command is %q", step.Command)
			}
			if out, errs, status := output(t, topo.SentinelAddrs(), 10*time.Second, append(strings.Fields(strings.ReplaceAll(command, "'", "")), "--yes")...); status != 0 {
				t.Fatalf("%s: %s%s", step.Command, out, errs)
			}
		case step.Action == canstop.Restart:
			if slices.Contains(done, step.Host) {
				t.Fatalf("%s is to be restarted again", step.Host)
			}
			for _, n := range topo.Nodes() {
				if n.Host() == step.Host {
					if err := n.Stop(); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, n := range topo.Nodes() {
				if n.Host() == step.Host {
					if err := n.Restart(ctx); err != nil {
						t.Fatal(err)
					}
				}
			}
			done = append(done, step.Host)
		}
		if step.Action == canstop.Done {
			break
		}
	}
	slices.Sort(done)
	if want := []string{"127.81.0.1", "127.81.0.2", "127.81.0.3"}; !slices.Equal(done, want) || failovers != 1 {
		t.Errorf("restarted %v with %d failovers, want %v with 1", done, failovers, want)
	}
	gap, written := writer()
	t.Logf("%d writes; none for at most %s", written, gap)
	if failover := 10 * time.Second; gap > failover || written == 0 {
		t.Errorf("%d writes; none for %s, a failover takes at most %s", written, gap, failover)
	}
}

// write writes as a script does that asks a Sentinel before each write. What it returns ends it,
// and says how long no write succeeded, and how many did.
func write(ctx context.Context, topo *sentineltest.Topology) func() (gap time.Duration, written int) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var gap time.Duration
	written := 0
	wg.Go(func() {
		last := time.Now()
		for ctx.Err() == nil {
			if once(ctx, topo) {
				gap = max(gap, time.Since(last))
				last = time.Now()
				written++
			}
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	return func() (time.Duration, int) {
		cancel()
		wg.Wait()
		return gap, written
	}
}

func once(ctx context.Context, topo *sentineltest.Topology) bool {
	for _, s := range topo.Sentinels {
		text, err := s.CLI(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")
		lines := strings.Fields(text)
		if err != nil || len(lines) != 2 {
			continue
		}
		n := topo.NodeAt(net.JoinHostPort(lines[0], lines[1]))
		if n == nil {
			return false
		}
		got, err := n.CLI(ctx, "SET", "key", fmt.Sprint(time.Now().UnixNano()))
		return err == nil && strings.TrimSpace(got) == "OK"
	}
	return false
}
