# finetuned: `make demo` shows the main job, `make test` runs every test. `make help` lists the targets.

PACKAGES = ca-certificates libcairo2-dev libcurl4-openssl-dev libedit-dev libjansson-dev liblz4-dev \
	libopenblas0-pthread libpcre2-dev libsnappy-dev libsqlite3-dev libssl-dev libsystemd-dev libutf8proc-dev \
	libxxhash-dev libyaml-dev libzip-dev libzstd-dev pkg-config zlib1g-dev
PREFIX ?= /usr/local
DESTDIR ?=

# Compiler flags are the same for programs and tests, so that nothing is compiled twice.
SWIFT_FLAGS = -c release --explicit-target-dependency-import-check error
SWIFT_TEST = swift test $(SWIFT_FLAGS) --disable-testable-imports
ifeq ($(CI),true)
SWIFT_FLAGS += -Xswiftc -warnings-as-errors
endif
PROGRAMS = finetuned finetuned-fetch finetuned-worker tunectl

.PHONY: help deps build demo example-model test golden recovery fuzz lint format check instructions bench install deb

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

## build          the four programs, in bin/
build: deps
	swift build $(SWIFT_FLAGS)
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
	scripts/run-tests $(SWIFT_TEST) --no-parallel
	for level in scalar avx2 avx512; do \
		FINETUNED_KERNELS=$$level scripts/run-tests $(SWIFT_TEST) --skip-build --no-parallel --filter 'LevelTests|SameBitsTests|TensorsTests' || exit 1; \
	done

## golden         only the comparisons with the reference's own runs
golden: build
	$(SWIFT_TEST) --filter GoldenTests

## recovery       only the tests that kill, starve and break; FINETUNED_RECOVERY=20 repeats what is random so often
recovery: build
	$(SWIFT_TEST) --no-parallel --filter RecoveryTests

## fuzz           100,000 inputs for each parser of outside text, with AddressSanitizer (COUNT=N for more or fewer)
fuzz: deps
	@scripts/fuzz

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

## instructions   instructions of an update and a token against the committed figures (needs Debian's valgrind)
instructions: build
	@scripts/check-instructions

## bench          the benchmarks, see Benchmarks/README.md
bench: build
	@Benchmarks/run

## install        programs, units, manual pages and completions below PREFIX (and DESTDIR)
install: build
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install

## deb            a Debian package in dist/
deb: build
	@scripts/make-deb dist
