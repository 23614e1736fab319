# Everything that a person or a CI job runs. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
LOCKS := requirements.lock tools/packaging/requirements.lock
READY := $(VENV)/.ready
# The first Python on PATH that is new enough; PYTHON=... chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
# Tests run side by side, each worker with a sandbox of its own; ARGS are more for pytest: make test ARGS="-k vault"
WORKERS ?= 3
ARGS ?=
# How long each target is fuzzed.
SECONDS ?= 60
PIN := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' Makefile | while IFS='|' read -r target text; do \
		printf '  make %-14s %s\n' "$$target" "$$text"; done

.PHONY: demo
demo: $(READY) ## the whole life of an identity, narrated, in a sandbox
	@$(PY) -m tools.demo

.PHONY: demo-clouds
demo-clouds: $(READY) ## the same on every system at once: AWS, Vault, Google Cloud, Azure, Kubernetes
	@$(PY) -m tools.demo.clouds

.PHONY: estate
estate: $(READY) ## plant several hundred identities; recall and precision of every verdict
	@$(PY) -m tools.estate

.PHONY: test
test: lint engine ## set up what is missing, lint, and run every test
	@$(PY) -m tools.lab sandbox-install
	@$(PY) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

.PHONY: lint
lint: $(READY) ## style, types, import contracts
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

.PHONY: bench
bench: $(READY) engine ## bundles, revocation and rotation against doing it by hand, the judge against its peers
	@$(PY) -m bench
	@$(PY) -m bench.revocation
	@$(PY) -m bench.credentials
	@$(PY) -m bench.judge
	@$(PY) -m bench.inventory

.PHONY: fuzz
fuzz: $(READY) ## coverage-guided fuzzing of readers and judge: make fuzz SECONDS=60 ARGS="aws line"
	@$(VENV)/bin/uv pip install --quiet --require-hashes --target .fuzz -r tools/fuzz/requirements.lock
	@PYTHONPATH=.fuzz $(PY) -m tools.fuzz $(SECONDS) $(ARGS)

.PHONY: engine
engine: $(READY) ## have a Pulumi engine: yours, the official one, or one built from Go modules
	@$(PY) -m tools.lab engine

.PHONY: sandbox-up
sandbox-up: $(READY) ## bring up an AWS emulator and a Vault on loopback
	@$(PY) -m tools.lab sandbox-up

.PHONY: sandbox-down
sandbox-down: $(READY) ## take them down and leave nothing behind
	@$(PY) -m tools.lab sandbox-down

.PHONY: sandbox-env
sandbox-env: $(READY) ## what a shell needs to use them: eval "$(make -s sandbox-env)"
	@$(PY) -m tools.lab sandbox-env

.PHONY: lock
lock: $(READY) ## pin the newest versions that pyproject.toml and the tools allow
	@$(PIN) --upgrade --all-extras --group dev pyproject.toml -o requirements.lock
	@cd tools/packaging && ../../$(PIN) --upgrade -c ../../requirements.lock requirements.in -o requirements.lock
	@cd tools/sandbox && ../../$(PIN) --upgrade requirements.in -o requirements.lock
	@cd tools/fuzz && ../../$(PIN) --upgrade requirements.in -o requirements.lock
	@$(VENV)/bin/pip --disable-pip-version-check install --quiet --require-hashes $(addprefix -r ,$(LOCKS))
	@$(PY) -m tools.lab.engine.tokens

.PHONY: clean
clean: ## remove what was made in this checkout; the engine stays in the user's cache directory
	@if [ -d .sandbox ]; then $(PY) -m tools.lab sandbox-down; fi
	@rm -rf $(VENV) .fuzz dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): $(LOCKS) pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "error: python3" >&2; \
		echo "    got:      $$(python3 --version 2>&1 || true)" >&2; \
		echo "    expected: Python 3.11 or newer" >&2; \
		echo "    fix:      install it (https://python.org/downloads), or run make PYTHON=/path/to/python" >&2; \
		exit 1; fi
	@echo "Installing the locked requirements into $(VENV) ($$($(PYTHON) --version)) ..." >&2
	@[ -x $(PY) ] || $(PYTHON) -m venv $(VENV)
	@# The pip that comes with Python may be too old to match a pinned package with what asks for extras of it.
	@$(PY) -m pip --disable-pip-version-check install --quiet --require-hashes -r tools/packaging/requirements.lock
	@$(PY) -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements.lock
	@$(PY) -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
