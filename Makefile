# make demo   set up .venv and predict for a synthetic face
# make check  lint, types and fast tests: under two minutes, for every commit
# make test   lint, types and all tests
# make docs   write the documentation as a site into site/
# make clean  remove what these made

PYTHON ?= python3
VENV := .venv
VENV_MP1 := .venv-mediapipe1
MANIFESTS := requirements.txt pyproject.toml $(wildcard plugins/*/pyproject.toml)

.PHONY: demo check test lint docs clean

demo: $(VENV)/installed
	mkdir -p out
	$(VENV)/bin/dysfw run recipes/paper.yaml docs/images/phantom.jpg --figure out/phantom.png

check: lint
	$(VENV)/bin/python -m pytest -q -n 2 --dist loadfile -m "not slow"

test: lint $(VENV)/installed $(VENV_MP1)/installed
	$(VENV_MP1)/bin/python -m pytest -q plugins/dysfw-mediapipe
	$(VENV)/bin/python -m pytest -q -n 2 --dist loadfile

lint: $(VENV)/installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/codespell
	$(VENV)/bin/python tools/lint/words.py
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

docs: $(VENV)/installed
	$(VENV)/bin/python tools/docs reference
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --site-dir site

clean:
	rm -rf $(VENV) $(VENV_MP1) out site

$(VENV)/installed: $(MANIFESTS)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' || \
	  { echo "Python 3.11 or 3.12 is needed (mediapipe 0.10.21 supports no other); found: $$($(PYTHON) -V). Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade pip
	$(VENV)/bin/python -m pip install --quiet --requirement requirements.txt
	touch $@

# The face mesh works with two generations of mediapipe; this environment has the newer one.
$(VENV_MP1)/installed: $(MANIFESTS)
	$(PYTHON) -m venv $(VENV_MP1)
	$(VENV_MP1)/bin/python -m pip install --quiet --upgrade pip
	$(VENV_MP1)/bin/python -m pip install --quiet -e ".[test]" -e "plugins/dysfw-mediapipe[test]" "mediapipe>=1" "numpy>=2"
	touch $@
