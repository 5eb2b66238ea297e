# The front door. `make help` lists every target.

SHELL := /usr/bin/env bash -o pipefail
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
IMAGE ?= zma-operator:$(VERSION)
# Packages compiled and tested at once; a whole stack runs beside them.
JOBS ?= 2
FUZZTIME ?= 10s
FUZZ ?= ./api/... ./controllers/... ./internal/... ./webhookserver/...

CONTROLLER_GEN = bin/controller-gen
KUSTOMIZE = bin/kustomize
GOLANGCI_LINT = bin/golangci-lint
STACK = go run ./hack/stack/cmd/stack

##@ Try

.PHONY: help
help: ## List every target
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: kube postgres ## Watch signed webhooks become orders on real parts; ONCE=1 ends by itself
	go run ./hack/demo $(if $(ONCE),--once)

.PHONY: stack-up
stack-up: ## Start a local stack in the background and print how to reach it
	$(STACK) up

.PHONY: stack-down
stack-down: ## Stop the local stack and leave nothing behind
	$(STACK) down

##@ Test

.PHONY: compiler
compiler:
	@command -v $(firstword $(shell go env CC)) >/dev/null || { echo "the race detector needs a C compiler (Debian: apt-get install gcc libc6-dev)"; exit 1; }

.PHONY: test
test: compiler kube postgres ## Run every test: unit, API server, Postgres, SMTP, whole pipeline
	INTAKE_WEBHOOKS=$${INTAKE_WEBHOOKS:-2000} go test -race -p $(JOBS) -parallel 4 -timeout 30m ./...

.PHONY: test-short
test-short: ## Run the tests that need no server
	go test -short ./api/... ./controllers/internal/... ./internal/callback/... ./webhookserver/internal/...

.PHONY: test-crash
test-crash: kube postgres ## Kill the real process on both sides of every effect
	go test -count=1 -parallel 4 -timeout 20m -run 'TestCrash|TestBroken' ./hack/e2e

.PHONY: test-chaos
test-chaos: kube postgres ## Hundreds of orders through random faults, judged by an oracle; SEED=n replays one, FRESH=n adds new seeds
	CHAOS_SEEDS=$(SEED) CHAOS_FRESH=$(FRESH) go test -v -count=1 -timeout 60m -run '^TestChaos$$' ./hack/chaos

.PHONY: test-webhooks
test-webhooks: compiler kube postgres ## Everything about the endpoint: attacks, mappings, limits, 20,000 webhooks through crashes, short fuzzing
	go test -race -count=1 -p $(JOBS) -timeout 30m ./webhookserver/... ./internal/plugin/... ./internal/expression/...
	go test -count=1 -timeout 10m ./hack/strangers
	go test -count=1 -timeout 30m ./hack/intake/...
	$(MAKE) fuzz FUZZ='./webhookserver/...'

.PHONY: test-ledger
test-ledger: compiler kube postgres ## Everything about money and records: properties, outages of a minute, PgBouncer, reports, the disaster drill
	@for p in $${PGBOUNCER:-pgbouncer /usr/sbin/pgbouncer}; do command -v $$p >/dev/null && exit; done; echo "install PgBouncer (Debian: apt-get install pgbouncer)"; exit 1
	go test -race -count=1 -timeout 30m ./internal/ledger/... ./internal/app/...
	BOOKS_OUTAGE=60s go test -count=1 -parallel 16 -timeout 30m ./hack/books/... ./hack/stack/pgbouncer
	go test -count=1 -timeout 20m ./hack/records/...
	go test -count=1 -v -timeout 20m ./hack/drill

.PHONY: bench-ledger
bench-ledger: kube postgres ## Ledger transactions and the mirror's lag at the pipeline's full rate, as JSON; BENCH='-rate 100' gives the rate
	go run ./hack/books/cmd/bench $(BENCH)

.PHONY: bench-webhooks
bench-webhooks: kube ## Latency of an accepted webhook beside that of the API server's own Create
	go test -run '^$$' -bench . -benchmem ./webhookserver/...
	go run ./hack/intake/cmd/bench $(BENCH)

.PHONY: bench-outage
bench-outage: kube postgres ## A provider outage of five minutes with 500 orders waiting; BENCH='-outage 20s -orders 100' shortens it
	go run ./hack/bench $(BENCH)

.PHONY: test-rules
test-rules: ## Try every alert rule in Prometheus' own engine
	cd hack/rules && go test -count=1 ./...

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME; FUZZ=./webhookserver/... chooses packages
	@set -e; for pkg in $$(go list $(FUZZ)); do \
	  for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "==> $$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg; \
	  done; done

.PHONY: kube
kube: ## Build Kubernetes for the local stack, once (minutes the first time)
	@$(STACK) build >/dev/null

.PHONY: postgres
postgres: ## Check that a PostgreSQL can be started
	@$(STACK) postgres >/dev/null

##@ Develop

.PHONY: build
build: ## Build operator and kubectl plugin into bin/
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/zma-operator .
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/kubectl-zma ./cmd/kubectl-zma

.PHONY: generate
generate: bin/controller-gen ## Generate code
	$(CONTROLLER_GEN) object paths=./api/...

.PHONY: manifests
manifests: bin/controller-gen ## Generate CRDs, the controller's role, and the endpoint's schema and OpenAPI document
	$(CONTROLLER_GEN) crd paths=./api/... output:crd:artifacts:config=config/crd/bases
	$(CONTROLLER_GEN) rbac:roleName=zma-controller paths=./controllers/... output:rbac:artifacts:config=config/rbac/controller
	go run ./hack/schema

.PHONY: fmt
fmt: ## Format the code
	gofmt -w $$(git ls-files '*.go')

.PHONY: vet
vet: ## Run go vet
	go vet ./...

.PHONY: lint
lint: bin/golangci-lint ## Run the linters
	$(GOLANGCI_LINT) run ./...

.PHONY: verify-generated
verify-generated: bin/controller-gen ## Fail when what is generated differs from what is there
	@set -e; tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	$(CONTROLLER_GEN) object crd paths=./api/... output:object:dir=$$tmp/api output:crd:dir=$$tmp/crd; \
	$(CONTROLLER_GEN) rbac:roleName=zma-controller paths=./controllers/... output:rbac:dir=$$tmp/rbac; \
	mkdir $$tmp/openapi; go run ./hack/schema $$tmp/openapi; \
	for f in openapi.json order.schema.json; do diff -u webhookserver/openapi/$$f $$tmp/openapi/$$f || { echo "run make manifests and commit the result"; exit 1; }; done; \
	{ diff -u api/v1alpha1/zz_generated.deepcopy.go $$tmp/api/zz_generated.deepcopy.go && \
	  diff -ru config/crd/bases $$tmp/crd && diff -u config/rbac/controller/role.yaml $$tmp/rbac/role.yaml; } || \
	{ echo "run make generate manifests and commit the result"; exit 1; }

.PHONY: verify
verify: verify-generated lint test-rules test ## Run everything that has to hold before a change lands

# Tools are built once from the modules that pin them.
bin/controller-gen: hack/tools/controller-gen/go.mod
	go build -C $(<D) -o $(CURDIR)/$@ sigs.k8s.io/controller-tools/cmd/controller-gen

bin/kustomize: hack/tools/kustomize/go.mod
	go build -C $(<D) -o $(CURDIR)/$@ sigs.k8s.io/kustomize/kustomize/v5

bin/golangci-lint: hack/tools/golangci-lint/go.mod
	go build -C $(<D) -o $(CURDIR)/$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

##@ Deploy

.PHONY: docker-build
docker-build: ## Build the image IMAGE
	docker build --build-arg VERSION=$(VERSION) -t $(IMAGE) .

# What is applied names IMAGE; config/ names none that could be pulled.
.PHONY: dist/overlay
dist/overlay: bin/kustomize
	@mkdir -p $@ && printf 'resources:\n- ../../config/default\n' >$@/kustomization.yaml && \
	cd $@ && $(CURDIR)/$(KUSTOMIZE) edit set image zma-operator=$(IMAGE)

.PHONY: render
render: dist/overlay ## Render all manifests, with IMAGE, into dist/install.yaml
	@$(KUSTOMIZE) build dist/overlay >dist/install.yaml && echo dist/install.yaml

.PHONY: install
install: bin/kustomize ## Install the CRDs into the current cluster
	$(KUSTOMIZE) build config/crd | kubectl apply --server-side -f -

.PHONY: uninstall
uninstall: bin/kustomize ## Remove the CRDs, and every order with them, from the current cluster
	$(KUSTOMIZE) build config/crd | kubectl delete --ignore-not-found -f -

# A Job can't be changed: the one of the version before makes room.
.PHONY: deploy
deploy: dist/overlay ## Deploy IMAGE into the current cluster
	kubectl -n zma-system delete job zma-migrate --ignore-not-found
	$(KUSTOMIZE) build dist/overlay | kubectl apply --server-side -f -

# Orders are the record of what was bought, and of what must not be bought again.
.PHONY: undeploy
undeploy: bin/kustomize ## Remove the operator from the current cluster; CRDs, orders, Secrets and namespace stay
	for part in controller webhook network-policy admission rbac; do \
	  $(KUSTOMIZE) build config/$$part | kubectl delete --ignore-not-found -f -; done

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist
