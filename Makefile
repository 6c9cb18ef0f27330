# finetuned: `make demo` shows the main job, `make test` runs every test. `make help` lists the targets.

PACKAGES = libcairo2-dev libjansson-dev libopenblas0-pthread libpcre2-dev libsqlite3-dev libsystemd-dev \
	libutf8proc-dev libxxhash-dev libyaml-dev pkg-config
PREFIX ?= /usr/local
DESTDIR ?=

# Compiler flags are the same for programs and tests, so that nothing is compiled twice.
SWIFT_FLAGS = -c release --explicit-target-dependency-import-check error
ifeq ($(CI),true)
SWIFT_FLAGS += -Xswiftc -warnings-as-errors
endif
PROGRAMS = finetuned finetuned-worker tunectl

.PHONY: help deps build demo example-model test golden recovery lint format check bench install

help:
	@sed -n 's/^## //p' Makefile

## deps           install the Debian packages that are missing
deps:
	@missing=""; for package in $(PACKAGES); do \
		dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ]; then run=""; elif command -v sudo >/dev/null; then run="sudo"; else \
		echo "Missing packages. As root: apt-get update && apt-get install -y --no-install-recommends$$missing" >&2; exit 1; fi; \
	echo "Installing$$missing"; \
	$$run apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$run apt-get install -y -qq --no-install-recommends $$missing

## build          the three programs, in bin/
build: deps
	swift build $(SWIFT_FLAGS) --static-swift-stdlib
	@mkdir -p bin
	@for program in $(PROGRAMS); do cp -f "$$(swift build $(SWIFT_FLAGS) --show-bin-path)/$$program" bin/; done

## demo           from a fresh clone to a trained adapter: the first run
demo: build
	@scripts/demo

## example-model  train the bundled base model again from its recipe
example-model: build
	@scripts/example-model

## test           every test
test: build
	swift test $(SWIFT_FLAGS) --no-parallel

## golden         only the comparisons with the reference's own runs
golden: build
	swift test $(SWIFT_FLAGS) --filter GoldenTests

## recovery       only the tests that kill workers and daemons
recovery: build
	swift test $(SWIFT_FLAGS) --no-parallel --filter RecoveryTests

## lint           formatting, module rules
lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests examples
	@scripts/check-modules
	@scripts/check-units

## format         rewrite the sources in the project's format
format:
	swift format format --in-place --recursive --parallel Package.swift Sources Tests examples

## check          what CI runs: build, lint and test
check: build lint test

## bench          the benchmarks, see Benchmarks/README.md
bench: build
	@Benchmarks/run

## install        programs, units and manual pages below PREFIX (and DESTDIR)
install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/systemd/user \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
	install -m 755 $(addprefix bin/,$(PROGRAMS)) $(DESTDIR)$(PREFIX)/bin
	install -m 644 systemd/*.service systemd/*.socket $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 644 systemd/user/*.service $(DESTDIR)$(PREFIX)/lib/systemd/user
	sed -i 's|/usr/local/bin|$(PREFIX)/bin|' $(DESTDIR)$(PREFIX)/lib/systemd/*/finetuned.service
	install -m 644 systemd/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/finetuned.conf
	install -m 644 systemd/tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/finetuned.conf
