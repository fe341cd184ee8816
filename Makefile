# Two commands: `make demo` shows what this is, `make test` tests all of it. Each sets up what it needs in .venv.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin
FUZZ_SECONDS ?= 60
MODULES ?= replay/expect replay/compare
FOLDERS ?= tests

.PHONY: demo test check bench fuzz mutants coverage audit docs clean

demo: $(READY)
	$(BIN)/omadm demo

test: check
	$(BIN)/pytest -n auto
	.ci/other-python $(BIN)/python -m pytest -n auto -m mitmproxy

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -m "not slow" tests/rules/test_catalogue.py tests/test_house.py tests/test_docs.py

bench: $(READY)
	$(BIN)/python -m benchmarks

# Every target for FUZZ_SECONDS; an input that fails is left in fuzz-found.
fuzz: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) --found fuzz-found

# Faults put into MODULES, to see that a test fails (CONTRIBUTING.md). All of them take hours; MUTANTS are options (--help).
mutants: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[mutants]'
	$(BIN)/python -m tests.code_mutants $(MODULES) $(MUTANTS)

# What of each module the tests in FOLDERS reach, every test file by itself. All of them take an hour.
coverage: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[coverage]'
	$(BIN)/python -m tests.covered $(FOLDERS)

# Needs a service on the network, and so is no part of the tests.
audit: $(READY)
	.ci/audit $(BIN)/python .venv-other/bin/python

docs: $(READY)
	$(BIN)/python -m replay.report.rule_pages docs/rules
	$(BIN)/python docs/generate.py docs/reference

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "omadm-replay needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

clean:
	rm -rf .venv .venv-other .venv-peer .venv-audit omadm-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
