# Each target is one command that also works without make. `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help run test lint fmt schema bench bench-micro web clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## start the server (release build), settings from the environment and .env
	cargo run --release

test: ## run every check and every test; sets up what they need (ARGS="..." goes to cargo test)
	scripts/test $(ARGS)

lint: ## check format, clippy, docs, licences and duplicate crates
	scripts/lint

fmt: ## format the Rust code
	cargo fmt --all

# By way of a second file: a build that fails must not empty the first.
schema: ## write schema.graphql anew from the code
	cargo run -q -- schema > schema.graphql.new || { rm -f schema.graphql.new; exit 1; }
	mv schema.graphql.new schema.graphql

bench: ## measure Pulse beside what people use now (about an hour; ARGS=--quick: some minutes)
	bench/run $(ARGS)

bench-micro: ## run the benchmarks of single parts
	cargo bench

web: ## build the pages that the server carries (web/dist)
	npm --prefix web ci
	npm --prefix web run build

clean: ## remove what was built
	cargo clean
	rm -rf web/dist web/node_modules tests/*/node_modules bench/peers/node_modules
