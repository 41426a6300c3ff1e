# Each target is one command that also works without make. `make` alone lists them.

.DEFAULT_GOAL := help
TARGET := $(or $(CARGO_TARGET_DIR),target)
.PHONY: help run dist check test lint fmt schema proxies bench bench-micro instructions faults web clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## build what starts soonest and serve, settings from the environment and .env
	scripts/build debug
	@exec $(TARGET)/debug/pulse

dist: ## build the binary that is shipped and measured: target/release/pulse
	scripts/build release

check: ## the inner loop: format, clippy, unit tests, stories of the store (a minute after a small edit)
	scripts/check

test: ## run every check and every test; sets up what they need (ARGS="..." goes to the runner of the Rust tests)
	scripts/test $(ARGS)

lint: ## check format, clippy, docs, licences, duplicate crates, deploy/ and commit subjects
	scripts/lint

fmt: ## format the Rust code
	cargo fmt --all

# By way of a second file: a build that fails must not empty the first.
schema: ## write schema.graphql anew from the code
	scripts/build debug >&2
	$(TARGET)/debug/pulse schema > schema.graphql.new || { rm -f schema.graphql.new; exit 1; }
	mv schema.graphql.new schema.graphql

proxies: ## run the proxies of deploy/ in front of real nodes
	deploy/try-proxy

bench: ## measure Pulse beside what people use now and its limits (90 minutes; ARGS=--quick: 15; ARGS="--only growth,soak")
	bench/run $(ARGS)

bench-micro: ## run the benchmarks of single parts
	cargo bench

instructions: ## check what the hot paths take in instructions (ARGS=--write accepts it; ARGS="--where page-rest")
	bench/instructions $(ARGS)

faults: dist ## three nodes under every fault for about 25 minutes (ARGS="--seed 1 --rounds 1")
	scripts/postgres install
	scripts/nats install
	scripts/pages --install
	node tests/cluster/run.mjs $(TARGET)/release/pulse --long $(ARGS)

web: ## build the pages that the server carries (web/dist)
	scripts/pages

clean: ## remove what was built
	cargo clean
	rm -rf web/dist web/lib node_modules bench/peers/node_modules
