# `make run` runs the server, `make test` the tests. `make help` lists all commands.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CHECK := clients/check
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help install run test lint check format schema docs picture messages schema-check clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

install: $(VENV)/.installed ## Install the server's packages into .venv, from requirements.lock

run: $(VENV)/.installed ## Install, migrate, load the demo on the first start, and run the server
	@exec $(BIN)/python -m cli run

test: $(VENV)/.installed-dev ## Run all tests, or those of TESTS=path; on PostgreSQL too if it runs
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

lint: $(VENV)/.installed-dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .

check: lint test schema-check ## Run everything that a change must pass: lint, test, schema-check

format: $(VENV)/.installed-dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(VENV)/.installed ## Write schema.graphql
	$(BIN)/python -m cli export-schema

docs: $(VENV)/.installed ## Write the pages of docs/reference that come from code
	$(BIN)/python -m cli export-docs

picture: $(VENV)/.installed-dev ## Make the picture of README again (needs chromium)
	$(BIN)/python -m tests.helpers.screenshot

messages: $(VENV)/.installed ## Update the translations in catalogue/locales from the texts
	$(BIN)/python -m catalogue.extraction

schema-check: $(CHECK)/node_modules/.installed ## Check schema.graphql with client developers' tools (needs node 20 and npm)
	node $(CHECK)/check.js

clean: ## Remove installed packages and caches, but not the data in var/
	rm -rf $(VENV) $(CHECK)/node_modules $(CHECK)/build web/static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.installed: requirements.lock web/graphiql_files.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m web.graphiql_files
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(CHECK)/node_modules/.installed: $(CHECK)/package-lock.json
	npm ci --prefix $(CHECK) --ignore-scripts --no-audit --no-fund --fetch-retries=1 --loglevel=error
	@touch $@
