# `make` prints what there is to make. The work is done by the scripts; this file gives it names.
# demo, test-e2e, conformance and bench take SERVER_IMAGE=… SERVER_VALUES=…: docs/any-server.md.
.PHONY: help setup demo test test-unit test-simulation soak test-integration conformance test-chart test-e2e test-anyserver test-release mutations compatibility lint vuln bench tried release publish images cluster-up cluster-down clean

help:
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 18

setup: ## install packages (Debian 12, root) and build the tools that the rest needs
	scripts/setup.sh

demo: ## install the chart on a one-node cluster, scale 1 - 3 - 1 with writers on every pod (KEEP=1, DEMO_KUBECONFIG=FILE, VENDOR=1 SERVER_IMAGE=…)
	@scripts/setup.sh demo
	@scripts/with-cluster.sh .build/bin/demo

# --- tests; all of them end with one summary
testrun := .build/bin/testrun

test: $(testrun) ## everything: setup, lint, unit, simulation, integration, chart, release and end-to-end tests, and the commands for any server
	$(testrun)

test-unit: $(testrun) ## tests that need nothing but Go and a C compiler with unixODBC
	$(testrun) unit

test-simulation: $(testrun) ## thousands of random schedules of joins, ends and faults against a model of the servers
	$(testrun) simulation

soak: ## the same until Ctrl-C (FROM=N is the first seed); prints each failing story
	@go test -c -o .build/bin/soak ./e2e/simulation
	@SOAK=1 exec .build/bin/soak -test.run '^TestSchedules_LoseNothing$$' -test.v -test.timeout 0 -from $(or $(FROM),1)

test-integration: $(testrun) ## tests through a real ODBC driver against stand-in servers on loopback
	$(testrun) integration

conformance: ## state how a server behaves: SERVERS=host:port[:replport],… DRIVER=… against servers of yours, SERVER_IMAGE=… on pods of it, without both against stand-ins
	e2e/conformance/run.sh

test-chart: $(testrun) ## what the Helm chart renders
	$(testrun) chart

test-e2e: $(testrun) ## the chart on a real one-node cluster (KEEP=1 leaves it up)
	$(testrun) e2e

test-anyserver: $(testrun) ## make demo, make conformance and make bench, as on an image of yours
	$(testrun) anyserver

test-release: $(testrun) ## a release is the same bytes twice, and is fetched from a registry by digest
	$(testrun) release

mutations: ## break the code around the rules in some 120 ways: each must turn a test red (ONLY=words: some of them)
	go run ./scripts/mutations $(ONLY)

compatibility: ## build the program helm of many versions, render the chart with each, write docs/compatibility.md (HELM=v3.14,v3.18: some); not part of test, 2 - 3 CPU minutes a version
	go test -count=1 -tags compatibility -timeout 5h -run TestEveryHelm -v ./charts -update -helms "$(HELM)"
	go test ./charts -run TestCompatibility -update

lint: $(testrun) ## gofmt, go vet, golangci-lint, shellcheck
	$(testrun) lint

vuln: ## look for known vulnerabilities in what the programs call; not part of test, for it needs vuln.go.dev (or GOVULNDB)
	scripts/vuln.sh

$(testrun): $(wildcard scripts/testrun/*.go)
	@go build -buildvcs=false -o $@ ./scripts/testrun

bench: setup ## not part of test, half an hour: what aku costs beside the documented order; writes docs/benchmarks.md (QUICK=1: 5 min)
	scripts/bench.sh

tried: ## put what the suites wrote to .build/tried into docs/tried.json, docs/proof.md and the table of the chart's README
	go run ./e2e/tried

# --- parts
release: ## all files of a release from the newest commit: VERSION=x.y.z, REGISTRY=HOST/PATH of its image, SOURCE=https://… (docs/release.md)
	go -C scripts/release run . -repository $(CURDIR) -version "$(VERSION)" -registry "$(REGISTRY)" -source "$(SOURCE)" $(if $(PLATFORM),-platform $(PLATFORM))

publish: ## push the release in .build/release/VERSION to the registry that its chart names; KEY=FILE signs the chart
	@go -C scripts/release run ./publish -folder "$(CURDIR)/.build/release/$(VERSION)" $(if $(KEY),-key "$(abspath $(KEY))")

images: ## build the image archives .build/images/{aku,altisim,e2e-client}.tar
	images/build.sh

cluster-up: ## start this checkout's one-node Kubernetes
	e2e/cluster/up.sh

cluster-down: ## end it and remove what it wrote
	e2e/cluster/down.sh

clean: cluster-down ## remove everything that was built
	rm -rf .build
