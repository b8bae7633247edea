# Two commands set everything up: `make demo` and `make test`. Both make their own environment in .venv.
PYTHON ?= python3
VENV ?= .venv
SPEED ?= 10
# Most tests wait for a device rather than for the processor.
WORKERS ?= 2
BIN := $(VENV)/bin
# Compiled on first import instead of all at once: most of what comes along is never imported. And kept: otherwise each
# process that is started would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE
INSTALL := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-compile -c constraints.txt
SYSTEM_LIBRARIES ?= sh tools/system_libraries.sh $(BIN)/python

.PHONY: demo test check schemas train-env bench faults clean

demo: $(VENV)/.run
	$(BIN)/delid demo --speed $(SPEED)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	@for bench in tests/bench/bench_*.py; do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

# The fault table: what was injected, what delid did, and the time until nothing could move any more.
faults: $(VENV)/.dev
	@$(BIN)/python tools/fault_table.py

schemas: $(VENV)/.run
	$(BIN)/delid config schema

# Rendering and training; torch is large, so that it is asked for by name.
train-env: $(VENV)/.venv
	$(INSTALL) -e '.[dev,train]'
	@$(SYSTEM_LIBRARIES)
	@touch $(VENV)/.run $(VENV)/.dev

$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "delid needs Python 3.11 or newer; run: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.venv pyproject.toml constraints.txt
	$(INSTALL) -e .
	@$(SYSTEM_LIBRARIES)
	@touch $@

$(VENV)/.dev: $(VENV)/.venv pyproject.toml constraints.txt
	$(INSTALL) -e '.[dev]'
	@$(SYSTEM_LIBRARIES)
	@touch $(VENV)/.run $@

clean:
	rm -rf $(VENV) build dist runs
