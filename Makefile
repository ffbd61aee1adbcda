# make help    this list
# make demo    set up, and build a training set from simulated echocardiograms
# make test    set up, and run every check
# make test-quick    set up; export, lint, and the tests that are not slow
# make test-all     the same, with every repetition: what is random, from more seeds; and once with spawned processes
# make lab     set up, and open JupyterLab
# make experiment    set up, and repeat the experiment on simulated clips (half an hour; SIZE=tiny: a minute)
# make bench   set up, and measure speed and memory (a table; 3 GB in data/bench)
# make newest    install as users do, without the pins, into a second environment, and try it (7 GB)
# make newest-demo    the whole circle in that environment, outside this folder, and a review; then it is removed
# make release-check    build sdist and wheel into dist/, compare versions, install both
# make constraints-newest    note anew what that installs
# make docs    set up, and write the site to docs/_build/html (nothing is executed, nothing fetched)
# make notebooks    execute the notebooks, store their outputs, and renew README.md

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3.11
BIN := .venv/bin
SEED := 42
SIZE := core
SAVING := --ContentsManager.pre_save_hook=nbdev.clean.clean_jupyter
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup lint test test-quick test-all spawned demo lab experiment bench newest newest-demo constraints-newest \
  release-check docs notebooks
help:
	@sed -n 's/^# make/make/p' Makefile

setup: .venv/ready

# The set-up is redone when what it installs has changed, and then from nothing, so that no old package stays behind.
.venv/ready: constraints.txt settings.ini setup.py
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt setuptools
	$(BIN)/pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[dev]'
	$(BIN)/pip check
	touch $@

# In a notebook a name may come from a cell that is not exported: what is generated is linted for that.
lint: setup
	$(BIN)/python tools/export.py --check
	$(BIN)/ruff check .
	$(BIN)/ruff check --quiet --isolated --select F821,F401 echoquality experiments/*.py
	$(BIN)/ruff check --quiet --isolated --select F821 tests experiments/tests

# One thread for each of the two processes: more of them would wait for each other. Each takes half of the tests in
# their order, and what is left of the other's when it is done, so that few fixtures of a module are made twice.
# Pages (0*.ipynb) are executed by the tests of nbs/base/pages.ipynb, from the first cell to the last.
test-all: REPEATED := -m ''
test: SKIPPED := --skip_folder_re '^([_.]|experiments$$)'
test-all: spawned
spawned: lint
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal --start-method spawn
test test-all: lint
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal $(REPEATED)
	cd nbs && PATH="$(CURDIR)/$(BIN):$$PATH" nbdev_test --n_workers 2 --skip_file_re '^([_.]|0)' $(SKIPPED)

test-quick: lint
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal -m 'not slow and not more'

demo: setup
	$(BIN)/echoquality demo --seed $(SEED)

# experiments/ is not installed: who runs its notebooks finds it here.
lab experiment: export PYTHONPATH := $(CURDIR)

lab: setup
	$(BIN)/jupyter lab --ip 127.0.0.1 --LabApp.default_url=/lab/tree/nbs $(SAVING)

experiment: setup
	mkdir -p runs
	$(BIN)/papermill nbs/experiments/experiment.ipynb runs/experiment.new.ipynb -p size $(SIZE)
	$(BIN)/python tools/report.py runs/experiment.new.ipynb

bench: setup
	$(BIN)/python benchmarks/run.py

# A user who installs without constraints.txt gets the newest of everything: what that was is in constraints-newest.txt,
# so that the trial repeats. First what builds datasets, without networks; then all, by the steps of the Dockerfile.
# It is built from a copy, and runs in another folder, where the repository cannot be imported by chance.
NEWEST := $(CURDIR)/.newest/bin
newest:
	rm -rf .newest
	$(PYTHON) -m venv .newest
	copy="$$(mktemp -d)"; trap 'rm -rf "$$copy"' EXIT; git ls-files -z | xargs -0 cp --parents -t "$$copy"; cd "$$copy"; \
	  $(NEWEST)/pip install --quiet --constraint constraints-newest.txt .; \
	  mkdir elsewhere; cd elsewhere; $(NEWEST)/python -P "$(CURDIR)/tools/newest.py" --without-networks; \
	  PATH="$(NEWEST):$$PATH" bash -eu -o pipefail -c "$$(sed -n "s,/src,$$copy,g; s/^RUN //p" ../Dockerfile)"; \
	  $(NEWEST)/pip check; \
	  $(NEWEST)/python -P "$(CURDIR)/tools/newest.py"

newest-demo:
	place="$$(mktemp -d)"; trap 'rm -rf "$$place"' EXIT; cd "$$place"; \
	  $(NEWEST)/echoquality demo --seed $(SEED); \
	  $(NEWEST)/python -P "$(CURDIR)/tools/review_round.py" data/demo-$(SEED)/training_data_enhanced
	rm -rf .newest

constraints-newest:
	rm -rf .newest build
	$(PYTHON) -m venv .newest
	.newest/bin/pip install --quiet '.[all]'
	echo "# What pip took together without constraints on $$(date -I): a user's installation, tried in CI." \
	  "Renewed by: make constraints-newest" > constraints-newest.txt
	.newest/bin/pip freeze --exclude echoquality | sed 's/+cpu$$//' >> constraints-newest.txt
	rm -rf .newest build

release-check: setup
	$(BIN)/python tools/release_check.py

docs: setup
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --jobs auto -c docs . docs/_build/html

notebooks: setup
	$(BIN)/python tools/export.py
	$(BIN)/python tools/run_notebooks.py
	$(BIN)/python tools/export.py
