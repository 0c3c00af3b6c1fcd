# Two commands do everything on a fresh Debian or Ubuntu machine: `make demo` and `make test`.
# PYTHON=/path/to/python3.12 chooses the interpreter that .venv is made with.

BIN := .venv/bin
# Files of tests go to as many processes as there are cores; each takes up to 2 GB of memory.
PYTEST := QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -q -n logical --maxprocesses 4 --dist loadfile

.PHONY: help demo test test-all lint wheel screenshots set-up clean

help: ## what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

set-up: ## .venv with everything in it, and Qt's system libraries
	@tools/set_up.sh

demo: set-up ## open the window on a drawn scene; with no display, leave pictures of it in demo-output/
	@tools/demo.sh

test: lint ## lint, types, and every test that is not slow
	@echo "tests (all but the slow ones)"
	@$(PYTEST)

test-all: lint ## the same with the slow tests
	@echo "tests (all of them)"
	@$(PYTEST) -m "slow or not slow"

lint: set-up ## style, types, and who may import whom
	@echo "style (ruff)"
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@echo "types (mypy)"
	@$(BIN)/mypy --no-error-summary
	@echo "import contracts (import-linter)"
	@tools/quietly.sh $(BIN)/lint-imports --no-logo

wheel: set-up ## dist/*.whl
	@tools/quietly.sh $(BIN)/python -m build --wheel --no-isolation
	@ls dist/*.whl

screenshots: set-up ## pictures of the window, of drawn scenes and of real photos where there are any
	@$(BIN)/python tools/screenshots.py

clean: ## all that was made but .venv
	@rm -rf build dist demo-output screenshots .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -not -path './.venv/*' -type d -prune -exec rm -rf {} +
