package alerts_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

// A group is what Alertmanager puts into one notification.
type group struct {
	Receiver struct{ Name string }
	Alerts   []struct {
		Labels map[string]string
		Status struct{ InhibitedBy []string }
	}
}

// TestNotifications: what a real Alertmanager, with the file of deploy/, puts into
// one notification, and what it says nothing of.
func TestNotifications(t *testing.T) {
	t.Parallel()
	const deployments = 1000
	every := func(name string) []labels {
		var list []labels
		for i := range deployments {
			list = append(list, labels{"alertname": name, "job": fmt.Sprintf("redis_sentinel_%d", i)})
		}
		return list
	}
	of := func(cluster, name, master string) labels {
		l := labels{"alertname": name, "job": "redis_sentinel", "master_name": master}
		if cluster != "" {
			l["cluster"] = cluster
		}
		return l
	}
	for what, tc := range map[string]struct {
		alerts []labels
		want   []string // receiver, number of alerts, names
	}{
		"an exporter of many deployments dies": {
			slices.Concat(every("RedisSentinelNoExporterUp"), every("RedisSentinelExporterDown")),
			[]string{"page 1000 RedisSentinelNoExporterUp"},
		},
		"an exporter of many deployments loses its network": {
			slices.Concat(every("RedisSentinelNoneAnswers"), every("RedisSentinelBelowMajority"), every("RedisSentinelDown")),
			[]string{"page 1000 RedisSentinelNoneAnswers"},
		},
		"service discovery loses many deployments": {
			every("RedisSentinelDeploymentVanished"),
			[]string{"morning 1000 RedisSentinelDeploymentVanished"},
		},
		"a master is down and another cannot be failed over": {
			[]labels{of("", "RedisSentinelMasterDown", "a"), of("", "RedisSentinelFailoverImpossible", "a"), of("", "RedisSentinelFailoverImpossible", "b")},
			[]string{"page 1 RedisSentinelFailoverImpossible", "page 1 RedisSentinelMasterDown"},
		},
		"the same job and master in two clusters": {
			[]labels{of("x", "RedisSentinelMasterDown", "a"), of("x", "RedisSentinelFailoverImpossible", "a"), of("y", "RedisSentinelFailoverImpossible", "a")},
			[]string{"page 1 RedisSentinelFailoverImpossible", "page 1 RedisSentinelMasterDown"},
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			a := startAlertmanager(t)
			a.fire(t, tc.alerts)
			var got []string
			if !eventually(t, "the notifications are as they should be", func() bool {
				got = a.notifications(t)
				return slices.Equal(got, tc.want)
			}) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

type labels map[string]string

// An alertmanager is a real one with the file of deploy/.
type alertmanager struct{ url string }

func startAlertmanager(t *testing.T) alertmanager {
	t.Helper()
	address := sentineltest.FreeAddr(t)
	start(t, "alertmanager", "http://"+address+"/-/ready", alertmanagerProgram(t),
		"--config.file="+alertmanagerFile, "--storage.path="+filepath.Join(t.TempDir(), "alertmanager"),
		"--web.listen-address="+address, "--cluster.listen-address=")
	return alertmanager{url: "http://" + address + "/api/v2/alerts"}
}

// fire sends alerts as Prometheus does, with their severities.
func (a alertmanager) fire(t *testing.T, alerts []labels) {
	t.Helper()
	severities := map[string]string{}
	for _, r := range readAlerts(t) {
		severities[r.Alert] = r.Labels["severity"]
	}
	type posted struct {
		Labels   labels    `json:"labels"`
		StartsAt time.Time `json:"startsAt"`
	}
	var list []posted
	for _, l := range alerts {
		l["severity"] = severities[l["alertname"]]
		list = append(list, posted{l, time.Now()})
	}
	body, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Close = true // no idle connection stays behind
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("Alertmanager answers %d: %s", response.StatusCode, readAll(response.Body))
	}
}

// notifications describes those that Alertmanager is about to send.
func (a alertmanager) notifications(t *testing.T) []string {
	t.Helper()
	status, body := get(t.Context(), a.url+"/groups")
	if status != http.StatusOK {
		t.Fatalf("Alertmanager answers %d: %s", status, body)
	}
	var groups []group
	if err := json.Unmarshal(body, &groups); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, g := range groups {
		told := 0
		names := map[string]bool{}
		for _, alert := range g.Alerts {
			if len(alert.Status.InhibitedBy) == 0 {
				told++
				names[alert.Labels["alertname"]] = true
			}
		}
		if told > 0 {
			list = append(list, fmt.Sprintf("%s %d %s", g.Receiver.Name, told, strings.Join(slices.Sorted(maps.Keys(names)), " ")))
		}
	}
	slices.Sort(list)
	return list
}
