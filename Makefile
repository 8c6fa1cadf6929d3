# `make run` and `make test` are all that a newcomer needs; both build the environment first.
PYTHON ?= python3
PRESET ?=
# Its builds differ by platform (CPU, CUDA), so neither the build nor what it pulls in is locked.
TORCH := 2.13.0
BIN := .venv/bin

.PHONY: env run test check lint lock clean

env: .venv/run-stamp

run: env ## run the preset of params.yaml (or PRESET=name), from raw images to the report
	$(if $(PRESET),$(BIN)/resolute preset $(PRESET))
	@$(BIN)/resolute unlock
	$(BIN)/snakemake --cores all --rerun-incomplete --logger resolute -- all
	@echo "The report: $(CURDIR)/reports/index.html"

test: .venv/test-stamp ## the whole test suite
	$(BIN)/pytest -n 2 --dist worksteal

check: lint .venv/test-stamp ## lint, and the tests that are quick everywhere: before every commit
	$(BIN)/pytest -n 2 --dist worksteal -m "not (slow or gpu or browser or slurm)"

lint: .venv/lint-stamp ## formatters, linters, type checker, workflow linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

lock: ## write requirements.lock anew from what pyproject.toml allows
	$(PYTHON) -m venv --clear work/lock-venv
	work/lock-venv/bin/pip install -q torch==$(TORCH) -e '.[test,dev,s3,slurm]'
	work/lock-venv/bin/pip freeze --exclude resolute | grep -v '^nvidia-[^m]\|^triton=' | sed 's/+cpu$$//' > requirements.lock

clean: ## remove the environment and all work in progress; data and reports stay
	rm -rf .venv work .snakemake

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The lock file constrains every version, so the environment holds what it names and no more than is needed.
.venv/run-stamp: requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/pip install -q -c requirements.lock -e .
	@touch $@

.venv/test-stamp: .venv/run-stamp
	$(BIN)/pip install -q -c requirements.lock -e '.[test]'
	@touch $@

.venv/lint-stamp: .venv/run-stamp
	$(BIN)/pip install -q -c requirements.lock -e '.[dev]'
	@touch $@
