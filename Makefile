# Everything starts here; `make` alone lists the targets. What a target needs (toolchain, npm packages, build) it makes.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:

bin := node_modules/.bin
packages := node_modules/.package-lock.json
peers := bench/node_modules/.package-lock.json
in_toolchain := build/toolchain.sh run
bench_calls := .cache/bench/calls.wasm .cache/bench/libcalls.so
engines := dist/engine.wasm dist/engine.metered.wasm
engine_parts := wasm/engine/target/framegate
unsealed := $(engines:dist/%=$(engine_parts)/%)
engine_modules := build/engine.exports build/fuel.wat $(addprefix build/,linked-module.ts data-layout.ts load-data.ts seal-wasm.ts check-wasm.ts)
natives := dist/libframegate-linux-x64.so dist/libframegate-linux-arm64.so

# Folders stand among the sources so that a file that was removed is noticed too.
typescript_sources := $(shell find src -type d -o -name '*.ts' ! -name '*.test.ts')
engine_sources := $(shell find wasm/engine/src) wasm/engine/Cargo.toml wasm/engine/Cargo.lock
engine_build := build/engine.sh build/rust.sh build/check-glibc.sh build/toolchain.sh build/toolchain.packages
probes := dist/libprobe-linux-x64.so dist/libprobe-linux-arm64.so
probe_sources := $(shell find wasm/probe)
probe_build := build/probe.sh build/probe.exports build/check-glibc.sh build/toolchain.sh build/toolchain.packages

rust_guest_sources := $(shell find wasm/probe-rust/src) wasm/probe-rust/Cargo.toml wasm/probe-rust/Cargo.lock
rust_guest := .cache/guests/probe-rust/probe_rust_bg.wasm
assemblyscript_guest := .cache/guests/probe-assemblyscript.wasm
factory_guest := .cache/guests/probe-factory.mjs .cache/guests/probe-factory.wasm
zlib_guest := .cache/guests/zlib.wasm
operators := $(addprefix .cache/guests/operator-,assemblyscript.wasm c.wasm rust.wasm)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: $(engines) $(natives) dist/probe.wasm $(probes) dist/.typescript ## build dist/: engine, probe, shared objects, JavaScript with types

$(engines) &: $(engine_sources) $(engine_build) $(engine_modules) | $(packages)
	@echo 'building $(engines)'
	@$(in_toolchain) build/engine.sh link
	@$(bin)/tsx build/load-data.ts $(engine_parts)/{linked.wasm,load-data}
	@$(in_toolchain) build/engine.sh wasm
	@$(bin)/tsx build/seal-wasm.ts $(unsealed)
	@$(bin)/tsx build/check-wasm.ts $(unsealed)
	@mv $(unsealed) dist
	@build/sizes.sh $(engines)

$(natives) &: $(engine_sources) $(engine_build)
	@echo 'building $(natives)'
	@$(in_toolchain) build/engine.sh native
	@build/sizes.sh $(natives)

dist/probe.wasm: $(probe_sources) $(probe_build)
	@echo 'building $@'
	@$(in_toolchain) build/probe.sh wasm
	@build/sizes.sh $@

$(probes) &: $(probe_sources) $(probe_build)
	@echo 'building $(probes)'
	@$(in_toolchain) build/probe.sh native
	@build/sizes.sh $(probes)

.PHONY: guests
guests: $(rust_guest) $(assemblyscript_guest) $(factory_guest) $(zlib_guest) $(operators) ## build what only the tests call

$(rust_guest): $(rust_guest_sources) build/guests.sh build/rust.sh build/toolchain.sh build/toolchain.packages
	@echo 'building $@'
	@$(in_toolchain) build/guests.sh rust

$(assemblyscript_guest): $(shell find wasm/probe-assemblyscript) build/guests.sh $(packages)
	@echo 'building $@'
	@build/guests.sh assemblyscript

.cache/guests/operator-assemblyscript.wasm: $(shell find wasm/operator/assembly) build/guests.sh $(packages)
	@echo 'building $@'
	@build/guests.sh operator assemblyscript

.cache/guests/operator-%.wasm: $(wildcard wasm/operator/glob.*) build/guests.sh build/toolchain.sh build/toolchain.packages
	@echo 'building $@'
	@$(in_toolchain) build/guests.sh operator $*

$(factory_guest) &: $(probe_sources) $(probe_build)
	@echo 'building $(factory_guest)'
	@$(in_toolchain) build/probe.sh factory

$(zlib_guest): .cache/guests/zlib/source.tar build/zlib.sh build/toolchain.sh build/toolchain.packages
	@echo 'building $@'
	@$(in_toolchain) build/zlib.sh wasm

# Fetched once, whatever changes in the script.
.cache/guests/zlib/source.tar: | build/zlib.sh
	@echo 'fetching the source package of zlib'
	@build/zlib.sh fetch

dist/.typescript: $(typescript_sources) tsconfig.json tsconfig.build.json build/bundle.ts $(packages)
	@echo 'compiling TypeScript'
	@mkdir -p dist
	@find dist -name '*.js' -delete -o -name '*.d.ts' -delete -o -name '*.map' -delete
	@$(bin)/tsc --project tsconfig.build.json
	@$(bin)/tsx build/bundle.ts
	@touch $@

$(packages): package.json package-lock.json .npmrc
	npm ci --no-progress
	@touch $@

.PHONY: demo
demo: build ## build all, then evaluate the example project for 10,000 users
	@$(bin)/tsx examples/demo.ts

# The build is one of the checks in it, so that a failing build is counted and the closing line is always printed.
.PHONY: test
test: $(packages) ## build, lint and run all tests; the last line is the sum
	@$(bin)/tsx build/test.ts

.PHONY: bench
bench: build $(bench_calls) $(peers) ## measure beside all other engines, with a report; ARGS=--quick for minutes instead of half an hour
	@$(bin)/tsx bench/main.ts $(ARGS)

# Needs none of the other engines, and ends well however slow: it is for reading.
.PHONY: bench-previous
bench-previous: dist/engine.wasm dist/.typescript ## measure beside the previous commit, or REV=abc, which it builds; ARGS=--quick
	@$(bin)/tsx bench/main.ts --only previous $(if $(REV),--revision '$(REV)') $(ARGS)

# The other engines are in no other target's way: they are a package of their own, with versions of their own.
$(peers): bench/package.json bench/package-lock.json bench/.npmrc
	cd bench && npm ci --ignore-scripts --no-progress
	@touch $@

$(bench_calls) &: bench/ffi/calls.c bench/ffi/build.sh build/toolchain.sh build/toolchain.packages
	@echo 'building $(bench_calls)'
	@$(in_toolchain) bench/ffi/build.sh

.PHONY: lint
lint: $(packages) ## formatting, linting, types and dead code of TypeScript and Rust
	@$(bin)/tsx build/test.ts lint

.PHONY: format
format: $(packages) ## format TypeScript and Rust in place
	@$(bin)/biome check --write
	@cd wasm/engine && ../../$(in_toolchain) cargo fmt
	@cd wasm/probe-rust && ../../$(in_toolchain) cargo fmt

.PHONY: toolchain
toolchain: ## make the toolchain now (the other targets make it when they need it)
	@build/toolchain.sh ensure

.PHONY: clean
clean: ## remove what was built (not npm's packages, not the toolchain in the cache folder)
	rm -rf dist .cache bench/.cache wasm/*/target
