# Thin: each target is a line of real commands.  VENV is made and filled on first use.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test lint format bench docs clean

demo: $(VENV)/examples.done  ## two examples in their short form, and a derivative's source
	$(BIN)/python examples/logistic_regression.py --short
	$(BIN)/python examples/heat_recovery.py --short
	$(BIN)/autodiff dump examples/logistic_regression.py:cross_entropy --grad --types 'f8[n,k], i8[n]'

test: $(VENV)/test.done  ## the whole suite
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/lint.done  ## style and types
	$(BIN)/ruff check . && $(BIN)/mypy

format: $(VENV)/lint.done  ## put imports and simple style in order
	$(BIN)/ruff check --fix .

bench: $(VENV)/examples.done  ## the speed table, docs/benchmarks.md; peers are measured where installed
	$(BIN)/python benchmarks/run.py --output docs/benchmarks.md

docs: $(VENV)/examples.done  ## the pages that are generated: docs/rules.md
	$(BIN)/autodiff rules --format markdown -o docs/rules.md

clean:
	rm -rf $(VENV) build *.egg-info

$(VENV)/%.done: pyproject.toml
	$(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$*]' && touch $@
