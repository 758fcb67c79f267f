# `make demo` and `make test` set everything up on a machine with python3 (3.11 or later), make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO ?= demo-workspace

.PHONY: demo test test-packages test-slow lint types contracts unit format keys clean

demo: $(STAMP)  ## a workspace with made-up pictures, then the app (without a terminal: the whole loop)
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/binscout --workspace $(DEMO) demo; \
	else folder=$$(mktemp -d) && $(BIN)/binscout --workspace "$$folder/demo" demo --headless; \
	code=$$?; rm -rf "$$folder"; exit $$code; fi

test: test-packages lint types contracts unit  ## everything that a change must pass

test-packages:  ## the terminals that tests look at, where they may be installed
	@scripts/install-test-packages.sh

test-slow: $(STAMP)  ## the tests that take minutes
	$(BIN)/python -m pytest -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

unit: $(STAMP)
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadgroup --no-loadscope-reorder --reruns 1 -raR

format: $(STAMP)  ## bring the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("BinScout needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

keys: $(STAMP)  ## write the page of keys anew
	$(BIN)/python -c 'from binscout_tui.commands.table import reference; print(reference())' > docs/keys.md

clean:
	rm -rf $(VENV) $(DEMO)
