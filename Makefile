# make demo   set up .venv with what a prediction needs, and predict for a synthetic face
# make check  lint, types and fast tests: under two minutes, for every commit
# make test   lint, types and all tests
# make docs   write the documentation as a site into site/
# make clean  remove what these made

PYTHON ?= python3
VENV := .venv
MANIFESTS := requirements.txt requirements-demo.txt pyproject.toml $(wildcard plugins/*/pyproject.toml)

.PHONY: demo check test lint docs clean

demo: $(or $(wildcard $(VENV)/installed),$(VENV)/demo)
	mkdir -p out
	$(VENV)/bin/dysfw run recipes/paper.yaml docs/images/phantom.jpg --figure out/phantom.png

# Tests start many programs, which otherwise compile all their modules again each time.
check test: export PYTHONDONTWRITEBYTECODE =
# Files go to whichever worker is free, in the order of tests/conftest.py.
PYTEST := $(VENV)/bin/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

check: lint
	$(PYTEST) -m "not slow"

test: lint
	$(PYTEST)

lint: $(VENV)/installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/codespell
	$(VENV)/bin/python tools/lint/words.py
	$(VENV)/bin/python tools/lint/portable.py
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

docs: $(VENV)/installed
	$(VENV)/bin/python tools/docs reference
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --site-dir site

clean:
	rm -rf $(VENV) out site

# In .venv, `make demo` installs what a prediction needs (without torch), all others everything.
$(VENV)/demo: REQUIREMENTS := requirements-demo.txt
$(VENV)/installed: REQUIREMENTS := requirements.txt
$(VENV)/demo $(VENV)/installed: $(MANIFESTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; found: $$($(PYTHON) -V). Try: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade pip
	$(VENV)/bin/python -m pip install --quiet --no-compile --requirement $(REQUIREMENTS)  # modules are compiled when they are used
	touch $@
