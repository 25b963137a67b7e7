# Every command of the project. Each makes ready what it needs; `make` alone lists them.

# Candidates, best first; `make PYTHON=/path/to/python3.12 setup` decides for one.
PYTHON ?= python3.13 python3.12 python3.11 python3
VENV := .venv
RUN := $(VENV)/bin/python -m
DEV := $(RUN) cross_account_access.dev
PACKAGE := cross_account_access/package
# Written last, so that an interrupted installation starts afresh.
INSTALLED := $(VENV)/.installed
REQUIREMENTS := requirements.txt requirements-dev.txt
# The tests of a file share what is expensive, among it a sandbox.
PARALLEL := --numprocesses=auto --dist=loadfile

# A virtual environment dies with the Python that it was made from.
$(shell $(VENV)/bin/python -c '' 2>/dev/null || rm -f $(INSTALLED))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo try test full unit integration lint format schema reference settings bench mutants clean

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile \
		| while IFS='|' read -r name purpose; do printf '  make %-12s %s\n' "$$name" "$$purpose"; done

setup: $(INSTALLED) ## make .venv, the Pulumi command line and the AWS CLI ready
	@$(DEV).toolchain ensure

demo: setup ## both accounts on the emulated AWS: up, the proof, drift found and healed
	@$(DEV).demo

try: setup ## an example up in the sandbox, with a shell in it: make try EXAMPLE=kms
	@$(DEV).sandbox try $(EXAMPLE)

test: setup lint unit integration ## what CI runs: set-up, lint, unit and integration tests

full: test ## the same with every case, and with many random examples of each property

test full: COVERAGE := --cov --cov-report=term:skip-covered
full: EXTENT := --full
# Where this is set, each process that a test starts compiles the program anew.
test full unit integration: export PYTHONDONTWRITEBYTECODE :=

unit: $(INSTALLED) ## the tests that need no engine
	$(RUN) pytest tests/unit $(PARALLEL) --no-loadscope-reorder $(EXTENT) $(COVERAGE)

integration: setup ## the tests on the real engine and the emulated AWS
	@$(DEV).toolchain ensure yaml actionlint
	$(RUN) pytest tests/integration $(PARALLEL) $(EXTENT)

lint: $(INSTALLED) ## format, lint and strict types, changing nothing
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy

format: $(INSTALLED) ## format, and repair what the linter can
	$(RUN) ruff format
	$(RUN) ruff check --fix

schema: setup ## write the schema of the package, after a change of the package's inputs or outputs
	@PATH="$$($(DEV).toolchain path pulumi):$$PATH" PULUMI_SKIP_UPDATE_CHECK=true pulumi package get-schema \
		./$(PACKAGE)/pulumi-resource-cross-account-access > $(PACKAGE)/schema.new \
		|| { rm $(PACKAGE)/schema.new; exit 1; }
	@mv $(PACKAGE)/schema.new $(PACKAGE)/schema.json

reference: $(INSTALLED) ## fetch what AWS publishes about its actions anew; needs npm
	@$(RUN) cross_account_access.dev.service_reference

settings: $(INSTALLED) ## write what Pulumi.yaml and docs say of settings, after a change of their declarations
	$(RUN) cross_account_access.declaration.documentation

bench: setup ## speed and memory beside a flat program and plain boto3
	@$(DEV).bench

mutants: $(INSTALLED) ## break documents, settings, engine and verification on purpose; tell what no test notices
	@$(RUN) pip install --disable-pip-version-check --quiet --require-hashes -r requirements-mutants.txt
	@$(VENV)/bin/python -P cross_account_access/dev/mutation_run.py $(MODULES)

clean: ## remove .venv and the caches of this checkout
	rm -rf $(VENV) mutants .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "The tools stay in your cache folder; python3 -m cross_account_access.dev.toolchain --help names it."

ifdef INSTALLING
$(INSTALLED): $(REQUIREMENTS) pyproject.toml
	@echo "Installing the pinned packages into $(VENV) with $$("$(PYTHON)" -V), a minute or two"
	@if [ -L $(VENV) ]; then rm $(VENV); fi
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(RUN) pip install --disable-pip-version-check $$([ -t 1 ] || echo --quiet) \
		--require-hashes $(addprefix -r ,$(REQUIREMENTS))
	@$(RUN) pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@
else
# Two set-ups at once would empty each other's environment: the second waits, and finds it made.
$(INSTALLED): $(REQUIREMENTS) pyproject.toml
	@found=; for python in $(PYTHON); do \
		"$$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
			&& found="$$python" && break; \
	done; \
	if [ -z "$$found" ]; then \
		echo "No Python of 3.11 or later with its venv module (tried: $(PYTHON))." >&2; \
		echo "Install one (Debian: python3 and python3-venv), or name it: make PYTHON=/path/to/python3 setup" >&2; \
		exit 1; \
	fi; \
	"$$found" -m cross_account_access.dev.toolchain.alone Makefile \
		$(MAKE) --no-print-directory --silent INSTALLING=yes PYTHON="$$found" $@
endif
