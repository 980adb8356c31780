# One command each: `make run` shows what this is, `make test` proves it, `make check` is what a change must pass.
.PHONY: run test check lint types imports bench screenshots wheel clean setup
BIN := .venv/bin

run: setup
	@$(BIN)/wharf-tui run --runtime process

test: setup
	@$(BIN)/python -m pytest -q

check: lint types imports test

lint: setup
	@$(BIN)/ruff format --check --quiet . || { echo 'Run: $(BIN)/ruff format .'; exit 1; }
	@$(BIN)/ruff check .

types: setup
	@$(BIN)/mypy

imports: setup
	@$(BIN)/lint-imports

bench: setup
	@for bench in tests/bench/bench_*.py; do echo "== $$bench"; $(BIN)/python "$$bench" || exit 1; done

screenshots: setup
	@$(BIN)/python tools/screenshots.py

wheel: setup
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

setup:
	@sh tools/bootstrap.sh

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
