# make demo: see it work.  make test: check it.  Both need only Python >= 3.10 and a package registry.
# make label-test: check the app for MONAI Label, in an environment of its own (Python 3.10 or 3.11).
PYTHON ?= python3
PIP_OPTIONS ?=# for example an --extra-index-url that offers a CPU build of torch
VENV := .venv
BIN := $(VENV)/bin
LABEL_VENV := .venv-monailabel
export OMP_NUM_THREADS ?= $(shell getconf _NPROCESSORS_ONLN)

.PHONY: venv demo test check view-test readers-venv readers-test label-venv label-test clean

venv: $(VENV)/.installed

# A local build "2.13.0+cpu" wins over the plain "2.13.0" wherever pip is offered both, so no CUDA packages come along then.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13) and 'Python 3.10 to 3.13 is needed: make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt $(PIP_OPTIONS) torch torchvision
	$(BIN)/pip install --quiet --constraint constraints.txt $(PIP_OPTIONS) --editable '.[dev]'
	touch $@

# Without the weights of LPIPS, where no registry is reached, the demo leaves out what needs them and says so.
demo: venv
	-$(BIN)/python -m bundle lpips-weights
	$(BIN)/python -m bundle demo

# One process a core, at most four: each takes up to 1.5 GB of memory.
test: venv
	$(BIN)/python -m bundle lpips-weights
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(MAKE) test

# What needs more than `make test` has: a browser, and the readers of napari, ITK-SNAP and 3D Slicer in an environment of their own.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

view-test: venv
	@test -n "$(CHROMIUM)" || { echo "no Chromium on the PATH: install it, or make view-test CHROMIUM=/path/of/chromium"; exit 1; }
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[view-test]'
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest tests/browser

readers-venv: $(VENV)-readers/.installed

$(VENV)-readers/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)-readers
	$(VENV)-readers/bin/pip install --quiet --constraint constraints.txt $(PIP_OPTIONS) torch torchvision
	$(VENV)-readers/bin/pip install --quiet $(PIP_OPTIONS) --editable '.[dev,readers]'
	touch $@

readers-test: readers-venv
	$(VENV)-readers/bin/python -m pytest tests/readers

label-venv: $(LABEL_VENV)/.installed

# Its versions are pinned by the extra: constraints.txt has others, but the same torch. MONAI Label asks for sam2, whose
# build by itself would bring a torch of its own, with CUDA packages.
$(LABEL_VENV)/.installed: pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 11) and 'MONAI Label needs Python 3.10 or 3.11: make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv $(LABEL_VENV)
	$(LABEL_VENV)/bin/pip install --quiet --constraint constraints.txt $(PIP_OPTIONS) torch torchvision 'setuptools>=77'
	$(LABEL_VENV)/bin/pip install --quiet $(PIP_OPTIONS) --no-build-isolation --no-deps 'sam2>=0.4.1'
	$(LABEL_VENV)/bin/pip install --quiet $(PIP_OPTIONS) --editable '.[monailabel]' 'pytest>=8' 'pytest-timeout>=2.3'
	touch $@

label-test: label-venv
	$(LABEL_VENV)/bin/python -m pytest tests/monailabel

clean:
	rm -rf $(VENV) $(VENV)-readers $(LABEL_VENV) demo
