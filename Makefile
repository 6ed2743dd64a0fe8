# Everything a newcomer, a developer and CI call. Settings: GUICHET_* (see README).
PYTHON ?=
PYTHON310 ?=
EVAL ?=
PYTEST_FLAGS ?=
WALKS ?= 3000
CRASHES ?= 200
export PYTHON PYTHON310

.PHONY: run test walks crashes screenshots check format bench eval install lock clean
.DEFAULT_GOAL := run

run: install           ## set everything up and serve
	@exec .venv/bin/guichet up

install:
	@command -v python3 >/dev/null || { echo "python3 is missing: install Python 3.11 or newer"; exit 1; }
	@python3 install.py

install-dev:
	@command -v python3 >/dev/null || { echo "python3 is missing: install Python 3.11 or newer"; exit 1; }
	@python3 install.py --dev

test: install-dev      ## all tests
	.venv/bin/guichet prepare
	.venv/bin/pytest -n 2 --dist loadfile $(PYTEST_FLAGS)

walks: install-dev     ## random walks through the real assistant
	.venv/bin/guichet prepare
	GUICHET_TEST_WALKS=$(WALKS) .venv/bin/pytest tests/dialogue/test_walks.py

crashes: install-dev   ## processes killed at random points, on both databases
	GUICHET_TEST_CRASHES=$(CRASHES) .venv/bin/pytest tests/faults/test_crash.py

screenshots: install-dev ## the pictures in docs/
	.venv/bin/guichet prepare
	.venv/bin/python -m tests.browser.screenshots
	.venv/bin/python -m tests.browser.staff_screenshots

check: install-dev     ## format, lint, types
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

format: install-dev
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

bench: install         ## latency, memory and start-up figures
	.venv/bin/guichet prepare
	.venv/bin/guichet bench

eval: install          ## every evaluation on the files in EVAL=folder
	@test -n "$(EVAL)" || { echo "name a folder of evaluation files: make eval EVAL=folder"; exit 1; }
	.venv/bin/guichet prepare
	.venv/bin/guichet eval all $(EVAL)

lock:                  ## pin the dependencies again (needs uv)
	requirements/lock

clean:                 ## remove what Guichet built; keeps the environments
	rm -rf var/index var/indexes var/models var/rasa/models var/rasa/training build *.egg-info
