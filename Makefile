# Two commands: `make demo` shows what this is, `make test` tests all of it. Each sets up what it needs in .venv.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin

.PHONY: demo test check bench docs clean

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
	$(BIN)/pytest tests/rules/test_catalogue.py tests/test_house.py

bench: $(READY)
	$(BIN)/python -m benchmarks

docs: $(READY)
	$(BIN)/python -m replay.report.rule_pages docs/rules

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "omadm-replay needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

clean:
	rm -rf .venv .venv-other .venv-peer omadm-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
