# make search | make test: on a fresh machine each does all its own set-up. Needs Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
DATA := brown sentiment fashion-mnist emoji asterisk-sounds molecules bibles
EXTRAS := dashboard,nni,ray,postgres,export,openvino,predict,data,dev

.PHONY: install data search test test-full lint format wheel-test clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	test -d .venv || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[$(EXTRAS)]"
	$(BIN)/python -m pip install --quiet --no-deps -c constraints.txt timm  # not torchvision, which needs a CUDA torch
	touch $@

data: install
	$(BIN)/paretoformer data add $(DATA)

search: install
	$(BIN)/paretoformer search digits --workers 2
	$(BIN)/paretoformer front digits

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-full: install
	$(BIN)/python -m pytest -n 2 -m "slow"
	$(MAKE) wheel-test

wheel-test: install
	rm -rf dist .venv-wheel
	$(BIN)/python -m build --wheel --quiet
	$(BIN)/python -m venv .venv-wheel
	sh tests/wheel.sh
	rm -rf .venv-wheel

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .venv-wheel dist build *.egg-info
