# One command for each thing that a newcomer wants. Needs only make and python3-venv:
#     apt-get install -y make python3-venv
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := bash

PORT ?= 8000
PYTHON ?= python3
# One more than the cores: the long tests wait for browsers and servers half of the time.
WORKERS ?= 3
BIN := .venv/bin

# A stamp carries the hash of what it was made from: nothing is installed twice, and a changed pin is never missed.
hash = $(shell cat $(1) | sha256sum | cut -c1-16)
RUNTIME := .venv/runtime-$(call hash,requirements.txt)
DEV := .venv/dev-$(call hash,requirements.txt requirements-dev.txt)
ASSETS := lead_system/static/vendor/fetched-$(call hash,package-lock.json scripts/fetch_assets)
PEERS := .venv/peers/made-$(call hash,benchmarks/peers/requirements.txt)
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard lead_system/translations/*/LC_MESSAGES/messages.po))

.PHONY: help run install test quick check manual lint types drift format bench comparison assets catalogue needs
.PHONY: promises model races crash fuzz sabotage

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1 \2/p' $(MAKEFILE_LIST) | while read -r name what; do \
		printf '  make %-10s %s\n' "$$name" "$$what"; done

run: $(RUNTIME) $(CATALOGUES)  ## the demo on 127.0.0.1 (PORT=8000); a second run keeps the data
	@$(MAKE) assets || echo "The browser assets could not be fetched: pages look plainer, and the camera does not scan." >&2
	@PORT=$(PORT) scripts/serve_demo

install: $(RUNTIME) $(ASSETS) $(CATALOGUES)  ## what a server in production needs, and nothing else (docs/production.md)
	@$(BIN)/python -m compileall -q app.py lead_system migrations
	@echo "Installed: packages in .venv, browser assets, catalogues."

test: needs $(DEV) $(ASSETS) $(CATALOGUES)  ## all tests: SQLite, PostgreSQL, browser, races
	@$(BIN)/pytest -n $(WORKERS)

# What a minute allows: the rules and what rests on them. Pages are for `make test`, or for pytest with their file.
quick: $(DEV) $(ASSETS) $(CATALOGUES)  ## the inner loop: rules, services and queries on SQLite, and the house rules
	@$(BIN)/pytest -n $(WORKERS) -m "not postgresql" \
		tests/domain tests/services tests/queries tests/house/test_architecture.py

check: lint types drift test  ## everything that .ci/run checks

manual: needs $(DEV) $(ASSETS) $(CATALOGUES)  ## items of the manual that no passing test proves
	@$(BIN)/python -m tests.support.manual

lint: $(DEV)  ## format and style (ruff)
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check

types: $(DEV)  ## types (mypy --strict)
	@$(BIN)/mypy

drift: $(DEV)  ## models and migrations agree
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
		export LEAD_DEMO=1 LEAD_DATA_DIR="$$folder" LEAD_SECRET_KEY=thrown-away-together-with-the-folder && \
		$(BIN)/flask db upgrade && $(BIN)/flask db check

format: $(DEV)  ## rewrite the code the way lint wants it
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

# Needs PostgreSQL, 8 GB of room in the temporary folder and a machine with nothing else to do. QUICK=1 takes 3 minutes
# instead of 25; LINES="search export" measures the lines that begin so.
bench: needs $(RUNTIME) $(CATALOGUES) $(PEERS)  ## how fast everything is, beside Django admin, stock Flask-Admin and bare SQL
	@QUICK=$(QUICK) $(BIN)/python -m benchmarks $(LINES)

# The promises of docs/promises.md, each in full; `make test` runs short forms of them.
promises: needs $(DEV) $(CATALOGUES)  ## all five trials below, and their last lines into docs/promises.md
	@$(BIN)/python -m tests.trials.promises

model: needs $(DEV) $(CATALOGUES)  ## random people and clocks, beside a small model of the whole job
	@$(BIN)/python -m tests.trials.promises model

races: needs $(DEV) $(CATALOGUES)  ## people who send at the same instant, over HTTP to several processes
	@$(BIN)/python -m tests.trials.promises races

crash: needs $(DEV) $(CATALOGUES)  ## workers, servers and PostgreSQL killed under load
	@$(BIN)/python -m tests.trials.promises crash

fuzz: needs $(DEV) $(ASSETS) $(CATALOGUES)  ## every route and role, with requests that no page sends
	@$(BIN)/python -m tests.trials.promises fuzz

sabotage: needs $(DEV) $(ASSETS) $(CATALOGUES)  ## each guard taken away in a copy, where tests must notice
	@$(BIN)/python -m tests.trials.promises sabotage

comparison: needs $(DEV) $(CATALOGUES) $(PEERS)  ## clicks and seconds of daily tasks, here and in Django admin with Unfold
	@$(BIN)/python -m benchmarks.comparison

assets: $(ASSETS)  ## browser assets into lead_system/static/vendor/, the font of evidence into lead_system/vendor/
	@:

catalogue: $(RUNTIME)  ## collect the sentences to translate into the Chinese catalogue
	@$(BIN)/pybabel -q extract -F babel.cfg -k _l -k lazy_gettext --no-location --sort-output -o messages.pot .
	@$(BIN)/pybabel -q update -i messages.pot -d lead_system/translations --no-fuzzy-matching

needs:
	@scripts/provide_test_needs

.venv/bin/pip:
	@$(PYTHON) -m venv .venv || { echo "Needs Python's venv: apt-get install -y python3-venv" >&2; exit 1; }

$(RUNTIME): | .venv/bin/pip
	@echo "Installing the server's packages into .venv …"
	@$(BIN)/pip install --quiet -r requirements.txt
	@rm -f .venv/runtime-* && touch $@

$(DEV): | .venv/bin/pip
	@echo "Installing the packages for tests and checks into .venv …"
	@$(BIN)/pip install --quiet -r requirements-dev.txt
	@rm -f .venv/dev-* .venv/runtime-* && touch $@ $(RUNTIME)

$(PEERS):
	@$(PYTHON) -m venv .venv/peers
	@.venv/peers/bin/pip install --quiet -r benchmarks/peers/requirements.txt
	@touch $@

$(ASSETS): | $(RUNTIME)
	@echo "Fetching the browser assets …"
	@scripts/fetch_assets
	@touch $@

%.mo: %.po | $(RUNTIME)
	@$(BIN)/pybabel -q compile -i $< -o $@
