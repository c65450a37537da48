# Two commands do everything on a machine with Python 3.11 and make:
#   make screen   run the embedded demo, from raw files to a report
#   make test     format, lint and type checks, then all tests
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: screen test check install clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
CORES ?= all
TESTERS ?= 3
VENV := .venv
DEMO := config/demo/tyk2
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

screen: install $(DEMO)/receptor.pdb
	snakemake --cores $(CORES) --configfile config/demo/config.yaml

install: $(VENV)/.installed

# pins by name and version only; pip finds the files itself
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "ScreenMM needs Python 3.11: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	pip install --quiet --constraint constraints.txt --editable '.[openff,workflow,test]'
	touch $@

$(DEMO)/receptor.pdb: $(VENV)/.installed workflow/screenmm/demo.py
	screenmm demo $(DEMO)

check: install $(DEMO)/receptor.pdb
	ruff format --check workflow tests benchmarks envs
	ruff check workflow tests benchmarks envs
	mypy
	lint-imports --no-cache
	screenmm config-docs --check
	snakefmt --check Snakefile workflow/rules
	snakemake --lint --configfile config/demo/config.yaml

# several files at a time: starts of Python and Snakemake, and Slurm, leave a core idle otherwise
test: check
	pytest --numprocesses $(TESTERS) --dist loadfile --durations 40

# what the demo and the checks made; screens of one's own stay, and Snakemake's records of them
clean:
	rm -rf results/demo $(DEMO) .pytest_cache .mypy_cache .ruff_cache
