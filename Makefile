# carpd: CARP for Linux with its dataplane in eBPF/XDP.
# `make help` lists what there is. Tests and the demo need root.

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -X github.com/carpd/carpd/internal/build.Version=$(VERSION)
FUZZTIME ?= 60s
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.DEFAULT_GOAL := help
.PHONY: help build install generate demo deps test test-unit fuzz bench lint check clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build carpd and carpctl into bin/ (needs no clang)
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

install: build ## install both into $(DESTDIR)/usr/local/sbin
	install -D -m 0755 bin/carpd bin/carpctl -t $(DESTDIR)/usr/local/sbin

generate: ## compile bpf/ into internal/dataplane (needs clang)
	$(GO) generate ./internal/dataplane

demo: build ## two routers, a switch and a client in namespaces: fail over, measure, compare; DEMO=--keep leaves them, with a web page
	./bin/carpd demo $(DEMO)

deps: ## install what the tests need (Debian, root, once)
	@sh scripts/install-test-deps.sh

test: deps ## pass all tests: unit, BPF, namespaces with real peers (root)
	@sh scripts/test.sh

test-unit: ## the tests that need neither root nor clang
	$(GO) test -short -race ./internal/boottime ./internal/carp ./internal/capture ./internal/config ./internal/election ./internal/status ./internal/agent

fuzz: ## run every fuzz target for FUZZTIME each
	@sh scripts/fuzz.sh $(FUZZTIME)

bench: ## print what each measurement was compared with
	@sh scripts/bench.sh

lint: ## run the linters
	$(GO) run $(GOLANGCI) run ./...

check: ## are the generated BPF objects those of bpf/ (needs clang), is the code formatted
	@sh scripts/check-generated.sh
	@test -z "$$(gofmt -l cmd internal test)" || { gofmt -l cmd internal test; exit 1; }
	$(GO) vet ./...

clean: ## remove what was built
	rm -rf bin out
