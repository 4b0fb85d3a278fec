# Two commands matter: `make run` and `make test`. Each sets up what it needs, in .venv and nowhere else.
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
# Tests side by side. Many wait for a disk, an engine or a program that they started: one more than there are processors in CI.
JOBS   ?= 3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# Every package that pip takes, also to build with, has the version in constraints.txt.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_BUILD_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Programs that come from npm: found on PATH by what uses them.
export PATH := $(PATH):$(CURDIR)/.tools/node_modules/.bin

.PHONY: run tools test test-fast check format bench accuracy docs wheel clean help

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo 'DeployDeck needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'This Python cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@echo 'Setting up $(VENV)…'
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

# MiniStack, and the SDK and CLI it is asked with: apart, because botocore wants an older python-dateutil than the one pinned here.
.tools/cloud/.installed: constraints-cloud.txt
	@mkdir -p .tools && $(PYTHON) -m venv --clear .tools/cloud
	@PIP_CONSTRAINT=constraints-cloud.txt PIP_BUILD_CONSTRAINT= .tools/cloud/bin/python -m pip install --quiet boto3 ministack awscli docker
	@touch $@

.tools/.installed: tools/package.json
	@mkdir -p .tools && cp tools/package.json .tools/package.json
	@npm install --prefix .tools --silent --no-audit --no-fund --no-package-lock --ignore-scripts
	@touch $@

tools: .tools/.installed .tools/cloud/.installed  ## checkers, runners and stand-ins that tests use, into .tools (needs Node.js)

run: $(STAMP)  ## open DeployDeck on a copy of the bundled example
	$(BIN)/deploydeck demo

test: check  ## every check and every test; what the machine lacks is skipped with its reason
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --cov --cov-report=term:skip-covered --durations=25

test-fast: $(STAMP)  ## the quick tests only, for your hands
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m 'not slow and not engine and not terminal and not registry'

check: $(STAMP)  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)  ## put the code into its usual form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## the figures the README quotes
	$(BIN)/python -m bench

accuracy: $(STAMP)  ## how right the scanner is on the sample projects, field by field
	$(BIN)/python -m tests.accuracy

docs: $(STAMP)  ## write the pages that are made from the code: commands, keys, settings
	$(BIN)/python -m deploydeck.cli.reference docs

wheel: $(STAMP)  ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:  ## remove everything that was made here
	rm -rf $(VENV) .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* dist build
