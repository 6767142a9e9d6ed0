# What a person types. `make serve` and `make test` need Python 3.11 or later, make and the package registry: nothing else.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: serve test model lint lock clean

serve: .venv/ready
	@exec $(BIN)/chiso serve

test: .venv/ready
	@$(BIN)/python -m pytest -n auto

# What the suite tries twenty times, five hundred times: a quarter of an hour.
model: .venv/ready
	@CHISO_MODEL_EXAMPLES=500 $(BIN)/python -m pytest tests/service/test_series_model.py

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# The lock holds the hash of every package; uv only makes the same installation faster than pip does.
.venv/ready: requirements.lock installer.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Chiso needs Python 3.11 or later; set PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r installer.lock
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock installer.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis
