# Two commands are enough: make quickstart, make test. Both need Python 3.10 or newer and make, nothing else.
PYTHON ?= python3
ENV := .venv
OLDEST := .venv-oldest
MODELS := .venv-models
PROJECT := setup.cfg pyproject.toml

.PHONY: quickstart test test-models docs lint format clean

quickstart: $(ENV)/.installed
	$(ENV)/bin/python examples/quickstart.py

test: lint $(OLDEST)/.installed
	$(ENV)/bin/python -m pytest -n auto -m "not models"
	$(OLDEST)/bin/python -m pytest -n auto -m "oldest and not models"

# What needs torch, transformers, sentence-transformers or Ray: about two gigabytes with the CPU build of torch.
test-models: $(MODELS)/.installed
	$(MODELS)/bin/python -m pytest -n 2 -m models

# The manual, into site/index.html. A broken link or reference fails.
docs: $(ENV)/.installed-test
	NO_MKDOCS_2_WARNING=1 $(ENV)/bin/python -m mkdocs build --strict --quiet

lint: $(ENV)/.installed-test
	$(ENV)/bin/ruff check .
	$(ENV)/bin/ruff format --check .

format: $(ENV)/.installed-test
	$(ENV)/bin/ruff check --fix .
	$(ENV)/bin/ruff format .

$(ENV)/.installed: $(PROJECT)
	$(PYTHON) -m venv $(ENV)
	$(ENV)/bin/python -m pip install --quiet -e .
	touch $@

$(ENV)/.installed-test: $(ENV)/.installed
	$(ENV)/bin/python -m pip install --quiet -e ".[test,check,app,docs]"
	touch $@

# The oldest versions that the project promises to work with, in an environment of their own.
$(OLDEST)/.installed: $(PROJECT) requirements-oldest.txt
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet -e ".[test]" -r requirements-oldest.txt
	touch $@

$(MODELS)/.installed: $(PROJECT)
	$(PYTHON) -m venv $(MODELS)
	$(MODELS)/bin/python -m pip install --quiet -e ".[test-models]"
	touch $@

clean:
	rm -rf $(ENV) $(OLDEST) $(MODELS) build dist site *.egg-info .pytest_cache .ruff_cache
