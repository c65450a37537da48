# Two commands do everything on a machine with Python 3.11, 3.12 or 3.13 and make:
#   make screen     run the embedded demo, from raw files to a report
#   make test       format, lint and type checks, then the tests; make test-all: also the long ones
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: screen test test-all test-torch mutants check install clean

# an interpreter to make the environment anew with: make PYTHON=/path/to/python3.12
PYTHON ?=
CORES ?= all
TESTERS ?= 3
VENV := .venv
DEMO := config/demo/tyk2
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# images often forbid it; each of a screen's processes would compile the package again
export PYTHONDONTWRITEBYTECODE :=

screen: install $(DEMO)/receptor.pdb
	snakemake --cores $(CORES) --configfile config/demo/config.yaml

install: $(VENV)/.installed

# what a screen needs; pins by name and version only, pip finds the files itself. Where an
# interpreter is named, it is not the environment's own, which --clear removes
$(VENV)/.installed: pyproject.toml constraints.txt
	@PATH="$${PATH#*:}"; \
	  python=$$(sh envs/python.sh "$(or $(PYTHON),$(wildcard $(VENV)/bin/python))") && set -x && \
	  "$$python" -m venv $(if $(PYTHON),--clear) $(VENV)
	pip install --quiet --constraint constraints.txt --editable '.[openff,workflow,pockets]'
	touch $@

# what the checks and tests need beside
$(VENV)/.testable: $(VENV)/.installed
	pip install --quiet --constraint constraints.txt --editable '.[openff,workflow,test]'
	touch $@

$(DEMO)/receptor.pdb: $(VENV)/.installed workflow/screenmm/demo.py
	screenmm demo $(DEMO)

check: $(VENV)/.testable $(DEMO)/receptor.pdb
	ruff format --check workflow tests benchmarks envs
	ruff check workflow tests benchmarks envs
	mypy
	lint-imports --no-cache
	screenmm config-docs --check
	snakefmt --check Snakefile workflow/rules
	snakemake --lint --configfile config/demo/config.yaml

# several files at a time: starts of Python and Snakemake, and Slurm, leave a core idle otherwise
PYTEST := pytest --numprocesses $(TESTERS) --dist loadfile --no-loadscope-reorder --durations 40

test: check
	$(PYTEST) -m 'not system'

test-all: check
	$(PYTEST)
	$(MAKE) test-torch

# PyTorch and NAGL's own package, a gigabyte or more: apart, as the OpenFF toolkit would load them
# in every process
$(VENV)/torch/.installed: $(VENV)/.testable
	pip install --quiet --constraint constraints.txt --target $(VENV)/torch \
	  acellera-openff-nagl pytorch-lightning torch
	pip install --quiet --constraint constraints.txt --target $(VENV)/torch --no-deps \
	  annalog partialsmiles
	touch $@

test-torch: $(VENV)/torch/.installed
	PYTHONPATH=$(VENV)/torch pytest tests/unit/forcefield/test_nagl.py \
	  tests/unit/generation/proposers/test_language_model.py \
	  'tests/unit/generation/test_hidden_target.py::test_learning_beats_chance[language_model]'

# which small changes of a room or module do its unit tests not notice:
#   make mutants MODULE=receptor/alternates COUNT=20 SEED=1
MODULE ?=
COUNT ?= 20
SEED ?= 1

$(VENV)/.mutable: $(VENV)/.testable
	pip install --quiet --constraint constraints.txt --editable '.[openff,workflow,test,mutants]'
	touch $@

mutants: $(VENV)/.mutable
	python -m benchmarks.mutants $(if $(MODULE),--modules $(MODULE)) --count $(COUNT) --seed $(SEED)

# what the demo and the checks made; screens of one's own stay, and Snakemake's records of them
clean:
	rm -rf results/demo $(DEMO) .pytest_cache .mypy_cache .ruff_cache
