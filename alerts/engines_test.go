//go:build e2e

package alerts_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"redis_sentinel_exporter/internal/sentineltest"
)

var (
	enginesDir   = flag.String("engines", "", "where Prometheus 3 and VictoriaMetrics are, to be tested beside Debian's Prometheus (make e2e-all)")
	enginesEvery = flag.Int("engines.every", 1, "they have each lane of so many, as the machine has to keep up with them")
)

// An engine scrapes what the stack's Prometheus scrapes and evaluates the same rules,
// beside it. It tells a recorder, and nobody else.
type engine struct {
	name  string
	every int // it has each lane of so many
	told  *recorder

	configure func([]*lane)         // writes its configuration
	scraper   *sentineltest.Program // reads that again at SIGHUP
}

func (e *engine) has(l *lane) bool { return l.number%e.every == 0 }

// watched are the engines that have a lane.
func (s *stack) watched(l *lane) []*engine {
	return slices.DeleteFunc(slices.Clone(s.engines), func(e *engine) bool { return !e.has(l) })
}

// startEngines starts the one with two clusters, and Prometheus 3 and VictoriaMetrics with vmalert, if they are asked for.
func (s *stack) startEngines(t *testing.T) {
	t.Helper()
	if *clustersEvery > 0 {
		s.engines = append(s.engines, s.startClusters(t))
	}
	if *enginesDir != "" {
		s.engines = append(s.engines, s.startPrometheus3(t), s.startVictoriaMetrics(t))
	}
}

func (s *stack) startPrometheus3(t *testing.T) *engine {
	t.Helper()
	e := &engine{name: "Prometheus 3", every: *enginesEvery, told: startRecorder(t, "")}
	file := filepath.Join(s.dir, "deploy/prometheus3.yml")
	e.configure = func(lanes []*lane) { configurePrometheus(t, file, targets(lanes), e.told.addr()) }
	e.configure(nil)
	address := sentineltest.FreeAddr(t)
	e.scraper = start(t, "prometheus3", "http://"+address+"/-/ready", filepath.Join(*enginesDir, "prometheus-3.5/prometheus"),
		"--config.file="+file, "--storage.tsdb.path="+filepath.Join(s.dir, "prometheus3"),
		"--web.listen-address="+address, resendDelay)
	return e
}

// startVictoriaMetrics has the flags that deploy/vmagent.yml gives, scaled.
func (s *stack) startVictoriaMetrics(t *testing.T) *engine {
	t.Helper()
	e := &engine{name: "VictoriaMetrics", every: *enginesEvery, told: startRecorder(t, "")}
	file := filepath.Join(s.dir, "deploy/vmagent.yml")
	e.configure = func(lanes []*lane) { placeAs(t, file, "deploy/vmagent.yml", scrapes(targets(lanes))) }
	e.configure(nil)
	address := sentineltest.FreeAddr(t)
	url := "http://" + address
	e.scraper = start(t, "victoria-metrics", url+"/health", filepath.Join(*enginesDir, "victoria-metrics-1.145/victoria-metrics"),
		"-promscrape.config="+file, "-promscrape.config.strictParse",
		"-storageDataPath="+filepath.Join(s.dir, "victoria-metrics"), "-httpListenAddr="+address, "-memory.allowedBytes=256MiB",
		fmt.Sprintf("-search.latencyOffset=%dms", 5000/factor))
	listen := sentineltest.FreeAddr(t)
	start(t, "vmalert", "http://"+listen+"/health", filepath.Join(*enginesDir, "victoria-metrics-1.145/vmalert"),
		"-rule="+filepath.Join(s.dir, "alerts", rulesFile), "-disableAlertgroupLabel", "-httpListenAddr="+listen,
		"-datasource.url="+url, "-remoteWrite.url="+url, "-remoteRead.url="+url, "-notifier.url="+e.told.URL,
		fmt.Sprintf("-evaluationInterval=%dms", 15000/factor), fmt.Sprintf("-rule.evalDelay=%dms", 5000/factor))
	return e
}

// reload has an engine read its targets.
func (e *engine) reload(t *testing.T) {
	t.Helper()
	if err := e.scraper.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// aboutToBeTold is how long before a fault an alert may have been there, of the mending of the one before, that is told
// elsewhere after it has begun.
const aboutToBeTold = 10 * time.Second

// agree fails where an engine has told something else of a lane than the stack's own
// Prometheus since a time: of what was expected all of it, with the same labels and at some
// time the same text but for amounts, and nothing that it did not tell, but for what was
// about to be told there, or may be.
func (s *stack) agree(t *testing.T, l *lane, name string, want expectation, since time.Time) {
	t.Helper()
	there := s.told.of(l.job, since)
	for _, e := range s.watched(l) {
		for _, labels := range e.told.elsewhere(l.job) {
			t.Errorf("%s: %s told %s, and nothing happened there", name, e.name, labels)
		}
		here := e.told.of(l.job, since)
		for labels, alert := range there {
			other := here[labels]
			switch {
			case other == nil && slices.Contains(want.all(), alert.name):
				t.Errorf("%s: %s did not tell %s", name, e.name, labels)
			case other != nil && !alert.sharesText(other):
				t.Errorf("%s: of %s Prometheus 2 says\n%q\nand %s says\n%q", name, labels, slices.Sorted(maps.Keys(alert.texts)), e.name, slices.Sorted(maps.Keys(other.texts)))
			}
		}
		before := s.were(t, l.job, "pending|firing", since.Add(-aboutToBeTold))
		for labels, alert := range here {
			if there[labels] == nil && !slices.Contains(full(want.may), alert.name) && !before[alert.name] {
				t.Errorf("%s: only %s told %s", name, e.name, labels)
			}
			if slices.Contains(full(want.page), alert.name) && len(alert.began) > 1 {
				t.Errorf("%s: %s told %s %d times", name, e.name, labels, len(alert.began))
			}
		}
	}
}

// A recorder takes what is sent to an Alertmanager.
type recorder struct {
	*httptest.Server

	part string // the cluster or deployment in which something happens; empty if there are none

	mu  sync.Mutex
	all []sent
}

type sent struct {
	Labels      map[string]string
	Annotations map[string]string
	StartsAt    time.Time
	EndsAt      time.Time // that of one that fires is in the future

	at time.Time // of its arrival
}

func startRecorder(t *testing.T, part string) *recorder {
	t.Helper()
	r := &recorder{part: part}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		var alerts []sent
		if err := json.Unmarshal(readAll(request.Body), &alerts); err != nil {
			t.Errorf("alerts that are none: %v", err)
		}
		for i := range alerts {
			alerts[i].at = time.Now()
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all = append(r.all, alerts...)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) addr() string { return r.Listener.Addr().String() }

// amounts are what changes from one evaluation to the next, such as "1m 4.5s" or "80%".
var amounts = regexp.MustCompile(`([0-9][0-9.]*(ms|[KMG]iB|[smhd%kMG])?( |\b))+`)

// A recorded alert is what was sent of one set of labels.
type recorded struct {
	name     string
	texts    map[string]bool    // all annotations, as JSON, without amounts
	began    map[time.Time]bool // each time that it has begun
	resolved bool               // at last
}

func (a *recorded) sharesText(with *recorded) bool {
	for text := range a.texts {
		if with.texts[text] {
			return true
		}
	}
	return false
}

// elsewhere returns the labels of all alerts of a job that are not of the part in which
// something happens.
func (r *recorder) elsewhere(job string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, a := range r.all {
		if a.Labels["job"] == job && r.part != "" && !slices.ContainsFunc(partLabels(), func(label string) bool { return a.Labels[label] == r.part }) {
			list = append(list, fmt.Sprint(a.Labels))
		}
	}
	return list
}

// of returns the alerts of a job that have begun since a time, by their labels. The part is
// left out, in the texts too, which must have it wherever they have the job.
func (r *recorder) of(job string, since time.Time) map[string]*recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	alerts := map[string]*recorded{}
	named := regexp.MustCompile(regexp.QuoteMeta(job) + `\b(/` + r.part + `|&var-(` + strings.Join(partLabels(), "|") + `)=` + r.part + `)?`)
	for _, a := range r.all {
		if a.Labels["job"] != job || a.StartsAt.Before(since) {
			continue
		}
		of, texts := maps.Clone(a.Labels), maps.Clone(a.Annotations)
		if r.part != "" && job != "" {
			for _, label := range partLabels() {
				delete(of, label)
			}
			for name, text := range texts {
				texts[name] = named.ReplaceAllStringFunc(text, func(found string) string {
					if found == job {
						return job + " (which part?)"
					}
					return job
				})
			}
			if text, there := texts["history_url"]; there && a.Labels["deployment"] == r.part { // which the exporter knows; it knows no cluster
				var found bool
				if texts["history_url"], found = strings.CutSuffix(text, "&deployment="+r.part); !found {
					texts["history_url"] += " (which part?)"
				}
			}
		}
		labels, _ := json.Marshal(of)
		text, _ := json.Marshal(texts)
		is := alerts[string(labels)]
		if is == nil {
			is = &recorded{name: a.Labels["alertname"], texts: map[string]bool{}, began: map[time.Time]bool{}}
			alerts[string(labels)] = is
		}
		is.texts[amounts.ReplaceAllString(string(text), "#")] = true
		is.began[a.StartsAt] = true
		is.resolved = !a.EndsAt.After(a.at)
	}
	return alerts
}

// has reports whether an alert has begun since a time, and is resolved or not.
func (r *recorder) has(job, alert string, resolved bool, since time.Time) bool {
	for _, a := range r.of(job, since) {
		if a.name == alert && (a.resolved || !resolved) {
			return true
		}
	}
	return false
}

// TestRulesInOtherEngines: the unit tests of the rules pass in Prometheus 3 and VictoriaMetrics.
func TestRulesInOtherEngines(t *testing.T) {
	if *enginesDir == "" {
		t.Fatal("-engines says where they are: see make engines-test")
	}
	t.Run("promtool", func(t *testing.T) {
		t.Parallel()
		promtool := filepath.Join(*enginesDir, "prometheus-3.5/promtool")
		run(t, promtool, "test", "rules", "redis_sentinel.rules_test.yml", "redis_exporter_compat.rules_test.yml")
		refusesNativeHistograms(t, promtool)
	})
	t.Run("vmalert-tool", func(t *testing.T) {
		t.Parallel()
		// It has another word for the tests of expressions.
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, compatFile), readFile(t, compatFile))
		writeFile(t, filepath.Join(dir, "compat_test.yml"), strings.ReplaceAll(readFile(t, "redis_exporter_compat.rules_test.yml"), "promql_expr_test", "metricsql_expr_test"))
		for _, file := range []string{"redis_sentinel.rules_test.yml", filepath.Join(dir, "compat_test.yml")} {
			run(t, filepath.Join(*enginesDir, "victoria-metrics-1.145/vmalert-tool"), "unittest", "--disableAlertgroupLabel", "--files="+file)
		}
	})
}
