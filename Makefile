# What the targets need beyond Go they install themselves (tools/need).

VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION   ?= $(shell git rev-parse --verify HEAD 2>/dev/null || echo unknown)
BRANCH     ?= $(shell git symbolic-ref --short HEAD 2>/dev/null || echo unknown)
BUILD_DATE ?= $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)
OUT        ?= redis_sentinel_exporter

# The library with which a test gives servers other host names.
NAMES := /usr/lib/$(shell uname -m)-linux-gnu/libnss_wrapper.so=libnss-wrapper

INFO    := github.com/prometheus/common/version
LDFLAGS := -s -w \
	-X $(INFO).Version=$(VERSION) \
	-X $(INFO).Revision=$(REVISION) \
	-X $(INFO).Branch=$(BRANCH) \
	-X $(INFO).BuildDate=$(BUILD_DATE)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build ./redis_sentinel_exporter
	@echo 'Building ./redis_sentinel_exporter $(VERSION)'
	@CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(OUT) .

.PHONY: demo
demo: ## start a throw-away deployment, the exporter and HAProxy on it; FOR=30s ends by itself
	@tools/need redis-server=redis-server redis-cli=redis-tools haproxy=haproxy
	@$(MAKE) --no-print-directory build
	@CGO_ENABLED=0 go build -buildvcs=false -o .bin/demo ./demo
	@exec .bin/demo -exporter ./redis_sentinel_exporter

# Go's cache of test results does not know of files outside of the module.
.PHONY: test
test: ## run all tests, with the race detector, against real Sentinels
	@tools/need redis-server=redis-server redis-cli=redis-tools prometheus=prometheus promtool=prometheus amtool=prometheus-alertmanager prometheus-alertmanager=prometheus-alertmanager systemd-analyze=systemd gcc=gcc,libc6-dev chromium=chromium haproxy=haproxy $(NAMES)
	CGO_ENABLED=1 tools/gotest ./... -race -timeout 20m # twice the default: what takes minutes takes longer on a busy machine
	CGO_ENABLED=1 go test -C web/browsertest -race ./...
	CGO_ENABLED=1 go test -C dashboards/generate -race -count=1 ./...
	CGO_ENABLED=1 go test -C deploy/composetest -race -count=1 ./...
	CGO_ENABLED=0 go test -C deploy/kubernetes/verify -count=1 ./...
	CGO_ENABLED=0 go test -C deploy/mixin -count=1 ./...

.PHONY: matrix
matrix: ## run the tests on Redis 6.0, 7.0, 8.0, 8.6 and Valkey 8.1, 9.1; SERVERS="valkey-9.1" PACKAGES=./collector for less
	@tools/need prometheus=prometheus promtool=prometheus gcc=gcc,libc6-dev $(NAMES)
	@tools/matrix $(SERVERS)

.PHONY: version-skew
version-skew: ## fail over between Redis 7.0, 8.0 and 8.6 and Valkey 8.1 and 9.1, where one may not read the RDB of another; SERVERS="redis-8.0" for less
	@tools/need redis-server=redis-server redis-cli=redis-tools
	@for server in $(or $(SERVERS),redis-8.0 redis-8.6 valkey-8.1 valkey-9.1); do tools/server $$server || exit 1; done
	CGO_ENABLED=0 go test -count=1 -v -run 'TestVersionSkew|TestExpiringFields' ./preflight -preflight.servers='$(CURDIR)/.bin/servers'

# What has the tests use the server of $(SERVER), see tools/server.
USE = $(if $(SERVER),REDIS_SERVER='$(CURDIR)/.bin/servers/$(SERVER)/redis-server' REDIS_CLI='$(CURDIR)/.bin/servers/$(SERVER)/redis-cli')

.PHONY: failovers
failovers: ## fail over RUNS=20 times: with all clear, with a forced lag, and coordinated; SERVER=valkey-9.1 for another server
	@tools/need redis-server=redis-server redis-cli=redis-tools
	$(if $(SERVER),@tools/server $(SERVER))
	for test in 'TestAllClear ./preflight -count=$(RUNS)' 'TestForcedLag ./drill -count=$(RUNS)' 'TestCoordinated ./drill -drill.runs=$(RUNS)'; do \
		$(USE) CGO_ENABLED=0 go test -timeout 60m -v -run $$test || exit 1; \
	done

failovers: RUNS ?= 20

.PHONY: truth
truth: ## compare every scrape of minutes of random faults with redis-cli; TRUTH_FOR=1h, TRUTH_SEED=N again
	@tools/need redis-server=redis-server redis-cli=redis-tools gcc=gcc,libc6-dev
	TRUTH_FOR=$(or $(TRUTH_FOR),5m) CGO_ENABLED=1 go test -race -count=1 -timeout 0 -v -run TestTruth ./collector

.PHONY: can-stop-oracle
can-stop-oracle: ## predict what 200 random deployments survive, kill their machines, and compare; LAYOUTS=N, SEED=N
	@tools/need redis-server=redis-server redis-cli=redis-tools
	CGO_ENABLED=0 go test -count=1 -timeout 0 -v -run '^TestOracle$$' ./canstop -oracle.layouts=$(or $(LAYOUTS),200) -oracle.seed=$(or $(SEED),1)

# In memory, as a Sentinel publishes what it has logged when its file is safe on the disk.
.PHONY: history-oracle
history-oracle: ## compare the records of 20 random minutes of faults with the Sentinels' own logs; RUNS=N, SEED=N, FOR=30s
	@tools/need redis-server=redis-server redis-cli=redis-tools
	TMPDIR=/dev/shm CGO_ENABLED=0 go test -count=1 -timeout 0 -parallel 3 -v -run '^TestOracle$$' ./history -prompt=50ms -oracle.runs=$(or $(RUNS),20) -oracle.seed=$(or $(SEED),1) -oracle.for=$(or $(FOR),1m)

.PHONY: fuzz
fuzz: ## let each fuzz test look for inputs that break it, FUZZ_FOR=60s long
	@tools/fuzz $(or $(FUZZ_FOR),60s)

.PHONY: soak
soak: ## let faults, failovers and scrapes go on for SOAK_FOR=30m, and see that nothing grows
	@tools/need redis-server=redis-server redis-cli=redis-tools
	CGO_ENABLED=0 go test -count=1 -timeout 0 -v -run '^TestSoak$$' ./e2e -soak.for=$(or $(SOAK_FOR),30m)

.PHONY: overload
overload: ## let ten thousand bad clients at the exporter, and one that behaves
	@tools/need redis-server=redis-server redis-cli=redis-tools
	CGO_ENABLED=0 go test -count=1 -run TestOverload -v ./e2e

.PHONY: hostile
hostile: ## let Sentinels of every bad kind at the exporter, and measure what they cost
	CGO_ENABLED=0 go test -count=1 -run TestHostile -v ./e2e

.PHONY: e2e
e2e: $(if $(EVERY),engines) ## bring every alert about for real, through Prometheus and Alertmanager to a webhook; EVERY=3: a third also in Prometheus 3 and VictoriaMetrics, and beside a healthy cluster
	@tools/need redis-server=redis-server redis-cli=redis-tools prometheus=prometheus prometheus-alertmanager=prometheus-alertmanager gcc=gcc,libc6-dev
	for part in $(if $(EVERY),1/2 2/2,1/1); do \
		RERUN=subtest CGO_ENABLED=0 tools/gotest ./alerts -count=1 -timeout 20m -tags e2e -run 'TestFaults|TestScaled|TestTwoClusters' \
			-args -lanes=$$part $(if $(EVERY),-engines='$(ENGINES)' -engines.every=$(EVERY) -clusters.every=$(EVERY)) || exit 1; \
	done

.PHONY: e2e-all
e2e-all: engines ## the same, with all in Prometheus 3 and VictoriaMetrics, each beside a healthy cluster, and every query of the dashboards too
	@tools/need redis-server=redis-server redis-cli=redis-tools prometheus=prometheus prometheus-alertmanager=prometheus-alertmanager gcc=gcc,libc6-dev
	for part in 1 2 3 4 5; do CGO_ENABLED=0 go test -count=1 -timeout 30m -tags e2e -run TestFaults ./alerts -lanes=$$part/5 -clusters.every=1 -engines='$(ENGINES)' || exit 1; done
	CGO_ENABLED=0 go test -count=1 -run TestHistogramIsKept ./e2e -prometheus='$(ENGINES)/prometheus-3.5/prometheus'
	CGO_ENABLED=0 go test -C dashboards/generate -count=1 -run '^TestLive$$' . -engines='$(ENGINES)'
	@$(MAKE) --no-print-directory engines-test

ENGINES := $(CURDIR)/.bin/engines

.PHONY: engines
engines: # Prometheus 3 and VictoriaMetrics, which are unpacked and not installed
	@tools/unpack sid .bin/engines/prometheus-3.5 promtool=promtool prometheus=prometheus
	@tools/unpack sid .bin/engines/victoria-metrics-1.145 vmalert-tool=victoria-metrics vmalert=victoria-metrics victoria-metrics=victoria-metrics

.PHONY: engines-test
engines-test: engines ## run the unit tests of the rules in Prometheus 3 and VictoriaMetrics
	CGO_ENABLED=0 go test -count=1 -timeout 40m -tags e2e -run TestRulesInOtherEngines ./alerts -engines='$(ENGINES)'

.PHONY: compose-test
compose-test: ## run docker-compose.yml, without Grafana, on a Docker engine of the test's own (root)
	@tools/need dockerd=docker.io docker=docker.io iptables=iptables docker-compose=docker-compose debootstrap=debootstrap gcc=gcc,libc6-dev
	@$(MAKE) --no-print-directory build
	VERSION='$(VERSION)' REVISION='$(REVISION)' BRANCH='$(BRANCH)' BUILD_DATE='$(BUILD_DATE)' CGO_ENABLED=1 \
		go test -C deploy/composetest -race -tags compose -count=1 -timeout 90m -v -run TestStack .

.PHONY: compose-faults
compose-faults: ## break things in the stack of docker-compose.yml, one after the other, to watch
	@go run ./deploy/compose/faults $(FAULT)

.PHONY: haproxy-test
haproxy-test: ## let everything that moves a master happen behind HAProxy, ten minutes long; HAPROXY=sid or PATH for another one
	@tools/need redis-server=redis-server redis-cli=redis-tools haproxy=haproxy
	$(if $(filter sid,$(HAPROXY)),@tools/unpack sid '$(HAPROXY_SID)' haproxy=haproxy)
	CGO_ENABLED=0 go test -count=1 -timeout 30m -v -run '^TestFaults$$' ./deploy/haproxy -haproxy.all $(if $(HAPROXY),-haproxy.binary='$(HAPROXY:sid=$(HAPROXY_SID)/haproxy)')

HAPROXY_SID := $(ENGINES)/haproxy-sid

.PHONY: role-load
role-load: ## send 2,000 checks of load balancers a second for a minute, and measure
	@tools/need redis-server=redis-server redis-cli=redis-tools
	CGO_ENABLED=0 go test -count=1 -v -run '^TestRoleLoad$$' ./e2e -role.checks=2000 -role.for=1m -role.p99=5ms

.PHONY: lint
lint: .bin/golangci-lint .bin/actionlint ## gofmt, go vet and golangci-lint, in all modules; actionlint
	@.bin/actionlint -shellcheck= -pyflakes= # without what may not be there
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt these files:" $$unformatted >&2; exit 1; }
	@for module in . web/browsertest dashboards/generate dashboards/drawn deploy/composetest deploy/kubernetes/verify deploy/mixin bench/clients; do \
		echo "lint $$module"; \
		(cd "$$module" && export CGO_ENABLED=0 && go vet -tags e2e,packages,compose,apiserver ./... && '$(CURDIR)/.bin/golangci-lint' run --allow-parallel-runners) || exit 1; \
	done

.PHONY: pint
pint: .bin/pint ## look for mistakes in the alert rules; nothing that pint finds is let pass
	.bin/pint --offline --no-color --log-level=warn lint --min-severity=info --fail-on=info alerts/*.rules.yml

.PHONY: bench
bench: ## measure what a scrape costs, on real Sentinels with up to 1,000 masters
	@tools/need redis-server=redis-server redis-cli=redis-tools
	@$(MAKE) --no-print-directory build
	@go build -buildvcs=false -o .bin/bench ./bench
	@.bin/bench

.PHONY: bench-against
bench-against: ## compare with redis_exporter, which is unpacked, and with AGAINST=PATH, another build, scrape by scrape; MASTERS=1,1000
	@tools/need redis-server=redis-server redis-cli=redis-tools
	@tools/unpack sid .bin/peers redis_exporter=prometheus-redis-exporter:prometheus-redis-exporter
	@$(MAKE) --no-print-directory build
	@go build -buildvcs=false -o .bin/bench ./bench
	@.bin/bench -redis-exporter=.bin/peers/redis_exporter $(if $(AGAINST),-against=$(AGAINST)) $(if $(MASTERS),-masters=$(MASTERS))

.PHONY: clients
clients: ## measure what client libraries lose in a failover and a move, on real Sentinels with their own timers; RUNS=5, SERVER=valkey-9.1 for --coordinated as well
	@tools/need redis-server=redis-server redis-cli=redis-tools npm=npm,nodejs
	$(if $(SERVER),@tools/server $(SERVER))
	cd bench/clients/noderedis && npm ci --ignore-scripts --no-audit --no-fund
	$(USE) CGO_ENABLED=0 go test -C bench/clients -count=1 -timeout 60m -v . -clients.runs=$(or $(RUNS),1)

.PHONY: scale
scale: ## scrape 1,000 named deployments of three Sentinels each, and probe 300 of one, one in ten broken, and measure
	@tools/need redis-server=redis-server redis-cli=redis-tools prometheus=prometheus
	CGO_ENABLED=0 go test -count=1 -timeout 20m -v -run '^TestScaleNamed$$' ./e2e -scale.deployments=1000 -scale.every=15s -scale.for=2m
	CGO_ENABLED=0 go test -count=1 -v -run '^TestScale$$' ./e2e -scale.targets=300 -scale.every=5s -scale.for=2m

.PHONY: packages
packages: .bin/nfpm ## write archives, deb, rpm and checksums to dist; PLATFORMS="linux/arm64" for less
	@deploy/packages/build dist $(PLATFORMS)

.PHONY: packages-test
packages-test: .bin/nfpm ## make the packages, look into them, install, upgrade and remove them in a directory; PLATFORMS="linux/amd64" for less
	@tools/need dpkg-deb=dpkg rpm=rpm unshare=util-linux systemctl=systemd
	CGO_ENABLED=0 go test -tags packages -count=1 -timeout 30m ./deploy/packages $(if $(PLATFORMS),-packages.platforms='$(PLATFORMS)')

# A kube-apiserver can be built from its module only with its parts replaced, which makes it a module of ours.
OPERATOR := github.com/prometheus-operator/prometheus-operator@v0.92.0

.PHONY: apiserver-test
apiserver-test: ## let a real kube-apiserver judge what the chart and the manifests make; building it takes a quarter of an hour
	CGO_ENABLED=0 go build -C tools/apiserver -o '$(CURDIR)/.bin/apiserver/' . ./etcd
	CGO_ENABLED=0 go test -C deploy/kubernetes/verify -tags apiserver -count=1 -v -run TestAcceptedByAPIServer . \
		-apiserver='$(CURDIR)/.bin/apiserver/apiserver' -etcd='$(CURDIR)/.bin/apiserver/etcd' \
		-crds="$$(go mod download -json $(OPERATOR) | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')/example/prometheus-operator-crd"

.PHONY: docs
docs: ## write the generated documentation again
	go generate ./...
	go generate -C deploy/kubernetes/verify ./...

.PHONY: dashboards
dashboards: ## write the Grafana dashboards again
	go generate -C dashboards/generate ./...

.PHONY: dashboards-drawn
dashboards-drawn: ## draw the dashboards with Grafana's own components, and look at them; PICTURES=DIR keeps pictures, ACTS=degraded,blind for less
	@tools/need redis-server=redis-server redis-cli=redis-tools prometheus=prometheus chromium=chromium npm=npm,nodejs
	@$(MAKE) --no-print-directory dashboards-page
	CGO_ENABLED=0 go test -C dashboards/drawn -count=1 -v . $(if $(ACTS),-acts='$(ACTS)') $(if $(PICTURES),-pictures='$(abspath $(PICTURES))')

.PHONY: dashboards-page
dashboards-page: dashboards/drawn/dist/index.html # Grafana's components in one bundle, for a browser

dashboards/drawn/dist/index.html: dashboards/drawn/package-lock.json dashboards/drawn/bundle.mjs $(wildcard dashboards/drawn/page/*)
	@tools/need npm=npm,nodejs
	cd dashboards/drawn && npm ci --ignore-scripts --no-audit --no-fund --legacy-peer-deps && node bundle.mjs

.PHONY: module-path
module-path: ## give the module another path, so that `go install` can fetch it; NEW=example.org/you/redis_sentinel_exporter
	@tools/module-path '$(NEW)'

.PHONY: images
images: ## take the pictures of the README again
	@tools/need redis-server=redis-server redis-cli=redis-tools chromium=chromium
	go test -C web/browsertest -count=1 . -update

.PHONY: clean
clean: ## remove what the other targets build
	rm -rf .bin dist redis_sentinel_exporter

# The first builds of these take some minutes each. They are modules of their own, as
# each wants other versions of what another uses too. What is not tested for races is built
# without cgo here and above: with it, net and all that imports net would be compiled twice.
.bin/golangci-lint: tools/go.mod tools/go.sum
	CGO_ENABLED=0 go build -C tools -buildvcs=false -o ../.bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

.bin/pint: tools/pint/go.mod tools/pint/go.sum
	CGO_ENABLED=0 go build -C tools/pint -buildvcs=false -o ../../.bin/pint github.com/cloudflare/pint/cmd/pint
	@touch $@

.bin/actionlint: tools/actionlint/go.mod tools/actionlint/go.sum
	CGO_ENABLED=0 go build -C tools/actionlint -buildvcs=false -o ../../.bin/actionlint github.com/rhysd/actionlint/cmd/actionlint
	@touch $@

.bin/nfpm: tools/nfpm/go.mod tools/nfpm/go.sum
	CGO_ENABLED=0 go build -C tools/nfpm -buildvcs=false -o ../../.bin/nfpm github.com/goreleaser/nfpm/v2/cmd/nfpm
	@touch $@

.bin/gotestsum: tools/gotestsum/go.mod tools/gotestsum/go.sum
	CGO_ENABLED=0 go build -C tools/gotestsum -buildvcs=false -o ../../.bin/gotestsum gotest.tools/gotestsum
	@touch $@
