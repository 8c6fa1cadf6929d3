# `make run` and `make test` are all that a newcomer needs; both build the environment first.
PYTHON ?= python3
PRESET ?=
# Where `make gpu` writes what it finds.
OUT ?= work/gpu/out
# Its builds differ by platform (CPU, CUDA), so neither the build nor what it pulls in is locked.
TORCH := 2.13.0
# What tests need of a package whose other wishes would bring builds of torch's companions that do not fit this torch.
ALONE := spandrel einops
BIN := .venv/bin

# Snakemake needs a cache below the user's home: where that cannot be written, it gets one here.
ifeq ($(shell cache="$${XDG_CACHE_HOME:-$$HOME/.cache}/snakemake"; mkdir -p "$$cache" 2> /dev/null && test -w "$$cache" && echo yes),)
export XDG_CACHE_HOME := $(CURDIR)/work/cache
endif

.PHONY: env run test check lint docs gpu-pack gpu lock clean

env: .venv/run-stamp

run: env ## run the preset of params.yaml (or PRESET=name), from raw images to the report
	$(if $(PRESET),$(BIN)/resolute preset $(PRESET))
	@$(BIN)/resolute mend
	$(BIN)/snakemake --cores all --rerun-incomplete --logger resolute -- all
	@echo "The report: $(CURDIR)/reports/index.html"
	@git diff --quiet HEAD -- reports/metrics.json 2> /dev/null; [ $$? -ne 1 ] || echo "reports/metrics.json differs from \
	the committed one: trained PSNRs differ between processors, by up to 0.05 dB and WBSR's by 0.2, and other params give other figures"

test: .venv/test-stamp ## the whole test suite
	$(BIN)/pytest -n 2 --dist worksteal

check: lint ## lint, and the tests that are quick everywhere: before every commit
	$(BIN)/pytest -n 2 --dist worksteal -m "not (slow or attack or gpu or browser or slurm)"

lint: .venv/lint-stamp ## formatters, linters, type checker, workflow linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

docs: .venv/docs-stamp ## the documentation as pages that need no network: work/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The documentation: $(CURDIR)/work/site/index.html"

gpu-pack: env ## collect what `make gpu` needs on a machine without a network, in work/gpu/pack
	$(BIN)/python -m benchmarks.gpu pack

gpu: ## everything that a GPU should prove, in eleven minutes, by the machine's own Python and torch; again: it goes on
	$(PYTHON) -m benchmarks.gpu run $(OUT)

lock: ## write requirements.lock anew from what pyproject.toml allows
	$(PYTHON) -m venv --clear work/lock-venv
	work/lock-venv/bin/pip install -q torch==$(TORCH) -e '.[test,dev,docs,s3,slurm,export]'
	work/lock-venv/bin/pip install -q --no-deps $(ALONE)
	work/lock-venv/bin/pip freeze --exclude resolute | grep -v '^nvidia-[^m]\|^triton=' | sed 's/+cpu$$//' > requirements.lock

clean: ## remove the environment and all work in progress; data, reports and what is known of them stay
	rm -rf .venv .snakemake $(filter-out work/placed work/records,$(wildcard work/*))

# A kill may leave an interpreter without pip: such an environment is made anew. The lock file constrains every version,
# so the environment holds what it names and no more than is needed.
.venv/run-stamp: requirements.lock pyproject.toml
	@$(BIN)/pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/pip install -q -c requirements.lock -e .
	@touch $@

.venv/test-stamp: .venv/run-stamp
	$(BIN)/pip install -q -c requirements.lock -e '.[test]'
	$(BIN)/pip install -q -c requirements.lock --no-deps $(ALONE)
	@touch $@

# The type checker reads the tests too, and so what they import.
.venv/lint-stamp: .venv/test-stamp
	$(BIN)/pip install -q -c requirements.lock -e '.[dev]'
	@touch $@

.venv/docs-stamp: .venv/run-stamp
	$(BIN)/pip install -q -c requirements.lock -e '.[docs]'
	@touch $@
