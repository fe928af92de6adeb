# Every target sets up what it needs by itself: a virtual environment in .venv, made once, and again when
# pyproject.toml changes. All that is wanted of the machine is make and Python 3.11 or newer.

PYTHON ?= python3
PEERS_PYTHON ?=
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
TRAIN := $(VENV)/.installed-train
DEV := $(VENV)/.installed-dev

.PHONY: demo test check bench clean
.DEFAULT_GOAL := test

demo: $(TRAIN) ## the first example
	$(BIN)/python examples/quickstart.py

test: $(DEV) ## unit tests and doctests; ARGS="-k name" is passed on
	$(BIN)/python -m pytest -n 2 -q $(ARGS)

check: $(DEV) ## lint, format, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/python -m pytest -q tests/test_architecture.py

bench: $(DEV) ## side by side; PEERS_PYTHON=path of a Python that has torch, jax, ...
	$(BIN)/python -m benchmarks $(if $(PEERS_PYTHON),--peers-python $(PEERS_PYTHON)) $(ARGS)

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "symgrad needs Python 3.11 or newer: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(TRAIN): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[train]'
	@touch $@

$(DEV): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(TRAIN)
