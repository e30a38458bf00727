# Everything runs from one environment in .venv, made again only when the locked requirements change.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# python3.11 if it runs, else a python3 that is not older.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
PY := $(VENV)/bin/python
PORTAL_ENV ?= demo
PORTAL_DATA ?= instance
export PORTAL_ENV PORTAL_DATA
ifdef PORTAL_PORT
export PORTAL_PORT
endif
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: help install run dev test check assure bench demo-reset upgrade messages lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(VENV)/.runtime translations ## make the environment in .venv, for production

run: $(VENV)/.runtime translations ## start the portal with a demonstration city (PORTAL_PORT=8000, PORTAL_DATA=instance)
	@exec $(PY) -m portal.run

dev: $(VENV)/.runtime translations ## start only the web pages and reload them when the code changes
	@PORTAL_ENV=development $(PY) -m flask --app app db upgrade
	@PORTAL_ENV=development exec $(PY) -m flask --app app run --debug --port $${PORTAL_PORT:-8000}

CHECKS := check-types check-format check-lint check-imports check-templates check-translations check-migrations
check: $(VENV)/.dev translations ## format, lint, types, import directions, templates, translations, migrations
	@$(MAKE) --no-print-directory --keep-going --output-sync=target -j2 $(CHECKS)

.PHONY: $(CHECKS)
check-types:
	@$(VENV)/bin/mypy --no-error-summary portal app.py
check-format:
	@$(PY) -m ruff format --check --quiet . || { echo "Not formatted: run .venv/bin/ruff format ."; exit 1; }
check-lint:
	@$(PY) -m ruff check --quiet .
check-imports:
	@$(VENV)/bin/lint-imports --no-logo >/dev/null || $(VENV)/bin/lint-imports --no-logo
check-templates:
	@$(VENV)/bin/djlint templates --lint --quiet
check-translations:
	@$(PY) -m portal.translations.missing
check-migrations:
	@$(PY) -c 'from portal.run.migrate import newest; newest()'

# Three workers on two cores: while one waits for a browser or a server the others work.
test: $(VENV)/.dev translations ## the tests, on SQLite and PostgreSQL, with a real Redis and worker
	@env -u PORTAL_ENV -u PORTAL_DATA $(PY) -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

assure: $(VENV)/.dev translations ## the long runs: random histories, kills, statistics, a million rows
	@env -u PORTAL_ENV -u PORTAL_DATA $(PY) -m pytest -q -m assure --timeout 3600

bench: $(VENV)/.dev translations ## speed against the limit application, in interleaved rounds
	@env -u PORTAL_ENV -u PORTAL_DATA $(PY) -m bench

demo-reset: $(VENV)/.runtime ## throw the demonstration city away; the next `make run` makes a new one
	@$(PY) -m portal.run.reset

SYSTEMCTL ?= $(if $(filter 0,$(shell id -u)),systemctl,sudo systemctl)
upgrade: ## back up, install, migrate, restart: make upgrade BACKUP=/srv/backup KEYS_KEPT=/mnt/keys
	@test -n "$(BACKUP)" -a -n "$(KEYS_KEPT)" || { echo "Say where the backup goes and where copies of the" \
		"keys are kept: make upgrade BACKUP=/srv/backup KEYS_KEPT=/mnt/keys"; exit 1; }
	@$(PY) -m flask --app app backup "$(BACKUP)" --keys-kept "$(KEYS_KEPT)" || { \
		echo "Stopped: the backup is not green. Neither packages nor database were changed."; exit 1; }
	@$(MAKE) --no-print-directory install
	@units=$$(systemctl list-units --plain --no-legend --state=active 'woodpecker-*.service' 2>/dev/null \
		| awk '{print $$1}' | xargs); \
	test -z "$$units" || { echo "Stopping $$units ..."; $(SYSTEMCTL) stop $$units || exit 1; }; \
	$(PY) -m flask --app app db upgrade && $(PY) -m flask --app app rules recompute || { \
		echo "Stopped: read the lines above. Nothing was started; the backup of before is in $(BACKUP)."; exit 1; }; \
	if test -n "$$units"; then echo "Starting $$units ..."; $(SYSTEMCTL) start $$units; \
	else echo "The database is at the newest shape. Restart the portal now (Ctrl-C, then make run)."; fi

messages: $(VENV)/.runtime ## collect message ids from the source and compile the translations
	@$(PY) -m portal.translations.update

lock: $(VENV)/bin/python ## write the hashed requirements anew from pyproject.toml
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; cp pyproject.toml "$$folder"; \
	uv="$(CURDIR)/$(VENV)/bin/uv"; test -x "$$uv" || $(PY) -m pip install --quiet uv; \
	"$$uv" lock --quiet --project "$$folder"; \
	export="$$uv export --quiet --frozen --no-header --no-annotate --no-emit-project --project $$folder"; \
	$$export --no-dev -o requirements.txt >/dev/null; \
	$$export -o requirements-dev.txt >/dev/null; \
	if grep -nE 'https?://|index' requirements*.txt; then echo "An address got into the lock files."; exit 1; fi

clean: ## remove the environment and caches; data in instance/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build
	find portal tests migrations bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.PHONY: translations
translations: portal/translations/zh_Hans/LC_MESSAGES/messages.mo
portal/translations/zh_Hans/LC_MESSAGES/messages.mo: portal/translations/zh_Hans/LC_MESSAGES/messages.po | $(VENV)/.runtime
	@$(PY) -m portal.translations.compile

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found. Try: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making the environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	@echo "Installing the packages ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing the packages for development ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@
