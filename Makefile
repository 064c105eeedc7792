# MicroVibe's commands. `make help` lists them.

PYTHON ?= python3
BIN := .venv/bin
# Node from the machine, or the one that set-up put into the virtual environment.
TSC := PATH="$(CURDIR)/$(BIN):$$PATH" node node_modules/typescript/bin/tsc
PYTEST := $(BIN)/python -m pytest
# Values for checks only; nothing listens with them.
CHECK_ENV := READ_DOT_ENV=false SECRET_KEY=only-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG \
	STREAM_KEY_SECRET=only-for-checks-9876543210-zyxwvutsrqponmlkjihgfedcba-ZYXWVU DATABASE_URL=sqlite://:memory: \
	PUBLIC_URL=https://live.example.org SECURE_SSL_REDIRECT=true SECURE_HSTS_SECONDS=31536000 \
	ALLOWED_HOSTS=live.example.org

.DEFAULT_GOAL := help
.PHONY: help run test check lint types static-types django-checks quick-tests fix proto ion bench clean set-up

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Settings from the environment: PORT=8080 HOST=127.0.0.1 TLS=1 DATA_DIR=./var … (.env.example)"

run: ## Set up what is missing and start MicroVibe
	@$(PYTHON) -I launcher/set_up.py run
	@exec $(BIN)/python -m launcher

test: set-up ## Set up, then lint, types and every test with real processes and a browser
	@$(MAKE) --no-print-directory lint types django-checks
	$(PYTEST) -n 2 --durations=10 -m "not media" tests/unit tests/integration
	$(PYTEST) --durations=10 -m "media or e2e" tests/integration tests/e2e

check: set-up ## Lint, types, unit and integration tests without media: for every-minute use
	@$(MAKE) --no-print-directory -j2 -O lint types django-checks quick-tests

set-up:
	@$(PYTHON) -I launcher/set_up.py test

lint:
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo "Not formatted: make fix"; exit 1; }

types:
	@$(BIN)/mypy
	@$(TSC) --project tsconfig.json

django-checks:
	@$(CHECK_ENV) $(BIN)/python manage.py makemigrations --check --dry-run
	@$(CHECK_ENV) $(BIN)/python manage.py check --deploy --fail-level WARNING

quick-tests:
	@$(PYTEST) -q -n 2 -m "not media" tests/unit tests/integration

fix: ## Format, and mend what the linter can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

proto: ## Generate the protobuf code anew from sfu_relay/proto/*.proto
	$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. sfu_relay/proto/*.proto

ion: ## Build the Ion SFU node, build/ion/ion-sfu (PATCHES=none: as it was published)
	@$(PYTHON) -I deploy/ion/build.py $(PATCHES)

bench: set-up ## Measure the SFU, HTTP-FLV, bridges and the delay of every way to watch (bench/)
	$(BIN)/python -m bench.fanout
	$(BIN)/python -m bench.flv
	$(BIN)/python -m bench.bridge
	$(BIN)/python -m bench.latency

clean: ## Remove what set-up and tests made (not var/, which has your data)
	rm -rf .venv node_modules build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
