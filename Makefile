# What the targets need beyond Go they install themselves (tools/need).

VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION   ?= $(shell git rev-parse --verify HEAD 2>/dev/null || echo unknown)
BRANCH     ?= $(shell git symbolic-ref --short HEAD 2>/dev/null || echo unknown)
BUILD_DATE ?= $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)

INFO    := github.com/prometheus/common/version
LDFLAGS := -s -w \
	-X $(INFO).Version=$(VERSION) \
	-X $(INFO).Revision=$(REVISION) \
	-X $(INFO).Branch=$(BRANCH) \
	-X $(INFO).BuildDate=$(BUILD_DATE)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build ./redis_sentinel_exporter
	@echo 'Building ./redis_sentinel_exporter $(VERSION)'
	@CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o redis_sentinel_exporter .

.PHONY: demo
demo: ## start a throw-away deployment and the exporter on it; FOR=30s ends by itself
	@tools/need redis-server=redis-server redis-cli=redis-tools
	@$(MAKE) --no-print-directory build
	@go build -buildvcs=false -o .bin/demo ./demo
	@exec .bin/demo -exporter ./redis_sentinel_exporter

.PHONY: test
test: ## run all tests, with the race detector, against real Sentinels
	@tools/need redis-server=redis-server redis-cli=redis-tools prometheus=prometheus promtool=prometheus amtool=prometheus-alertmanager prometheus-alertmanager=prometheus-alertmanager gcc=gcc,libc6-dev chromium=chromium
	CGO_ENABLED=1 go test -race ./...
	CGO_ENABLED=1 go test -C web/browsertest -race ./...

.PHONY: e2e
e2e: ## bring every alert about for real, through Prometheus and Alertmanager to a webhook
	@tools/need redis-server=redis-server redis-cli=redis-tools prometheus=prometheus prometheus-alertmanager=prometheus-alertmanager gcc=gcc,libc6-dev
	CGO_ENABLED=1 go test -race -tags e2e -run 'TestFaults|TestScaled' ./alerts

.PHONY: lint
lint: .bin/golangci-lint ## gofmt, go vet and golangci-lint
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt these files:" $$unformatted >&2; exit 1; }
	go vet ./...
	go vet -C web/browsertest ./...
	.bin/golangci-lint run --allow-parallel-runners

.PHONY: bench
bench: ## measure what a scrape costs, on real Sentinels with up to 1,000 masters
	@tools/need redis-server=redis-server redis-cli=redis-tools
	@$(MAKE) --no-print-directory build
	@go build -buildvcs=false -o .bin/bench ./bench
	@.bin/bench

.PHONY: scale
scale: ## probe 300 deployments every 5 s for two minutes, one in ten broken, and measure
	go test -count=1 -v -run '^TestScale$$' . -scale.targets=300 -scale.every=5s -scale.for=2m

.PHONY: docs
docs: ## write the generated documentation again
	go generate ./...

.PHONY: images
images: ## take the pictures of the README again
	@tools/need redis-server=redis-server redis-cli=redis-tools chromium=chromium
	go test -C web/browsertest -count=1 . -update

.PHONY: clean
clean: ## remove what the other targets build
	rm -rf .bin redis_sentinel_exporter

# The first build of golangci-lint takes some minutes.
.bin/golangci-lint: tools/go.mod tools/go.sum
	go build -C tools -buildvcs=false -o ../.bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@
