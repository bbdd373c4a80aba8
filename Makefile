# Every target makes `.venv` first, once, and again when the lock changes.

PYTHON ?= python3
WORKERS := -n auto --dist worksteal
STAMP := .venv/.lock-installed
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench soak

help:
	@echo "make demo   23 simulated trading days, one line a day"
	@echo "make test   every test"
	@echo "make lint   ruff, and mypy --strict"
	@echo "make bench  the benchmarks' tables"
	@echo "make soak   the random and kill tests, for hours instead of minutes"

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "cfx needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.lock
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP)
	@.venv/bin/cfx run demo

test: $(STAMP)
	@.venv/bin/python -m pytest $(WORKERS)

lint: $(STAMP)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench: $(STAMP)
	@for name in kernel implied fold margin index journal store; do .venv/bin/python -m bench.$$name || exit 1; done

soak: $(STAMP)
	CFX_COMMANDS=$${CFX_COMMANDS:-2000000} CFX_KILL_CYCLES=$${CFX_KILL_CYCLES:-500} \
	CFX_TRACES=$${CFX_TRACES:-25} CFX_PLANTED=all CFX_PORTFOLIOS=$${CFX_PORTFOLIOS:-20000} \
	CFX_DEFAULTS=$${CFX_DEFAULTS:-100} CFX_DEFAULT_DAYS=$${CFX_DEFAULT_DAYS:-12} \
	.venv/bin/python -m pytest $(WORKERS)
