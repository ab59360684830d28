# Every habit of the project is a target. `make` alone lists them.
# Needs Python 3.11 or newer, make and git; the rest is installed into .venv and .venv-sam. Another Python: make PYTHON=python3.13 …

PYTHON ?= python3
# which `sam deploy` settings: dev or prod, see samconfig.toml
ENV ?= dev
# arguments for pytest, such as `make test TESTS=tests/template`
TESTS ?=
PYTEST_ARGS ?= --quiet --numprocesses auto --dist loadgroup

export PYTHON
export SAM_CLI_TELEMETRY := 0

python := .venv/bin/python
sam := .venv-sam/bin/sam

# What the local stack runs on: this machine, and the Python of .venv.
host_python = $(if $(wildcard $(python)),$(python),$(PYTHON))
RUNTIME ?= $(shell $(host_python) -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
ARCH ?= $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)
BUILD_FOR ?= host

.DEFAULT_GOAL := help
.PHONY: fuzz help up demo down clean test test-faults test-template test-built test-dynamodb-local test-contract-local test-kafka test-prefect-client \
	test-iam test-reference test-schemathesis test-schemathesis-quick test-github-examples test-aws openapi check lint types contracts \
	validate format build build-lambda deploy lock simulate sam-local sam-local-down bench-launch bench-backtest bench-matching \
	bench-webhook environment environment-local environment-dev environment-tests environment-sam

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-23s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- the stack on this machine ----

up: environment ## start the whole stack on this machine; Ctrl-C stops it and keeps its data
	@$(python) -m whenflow.local up

demo: environment ## start it, play the two stories of the README, stop
	@$(python) -m whenflow.local demo

down: environment ## stop a stack that runs in the background or was left behind
	@$(python) -m whenflow.local down

clean: ## stop a local stack, remove its data and all builds (not the environments)
	@if [ -x $(python) ] && [ -d .whenflow ]; then $(python) -m whenflow.local clean; fi
	@rm -rf .whenflow .aws-sam .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov

# ---- tests and checks ----

test: environment-dev ## the everyday suite
	@$(python) -m pytest $(PYTEST_ARGS) $(TESTS)

test-template: environment-dev ## only the checks of the template, offline and quick
	@$(MAKE) --no-print-directory test TESTS=tests/template

test-built: environment-dev ## only what `sam build` made, under Lambda's own runtime client
	@$(MAKE) --no-print-directory test TESTS=tests/built

test-faults: environment-dev ## each AWS call of a run fails once, in each way (the everyday suite: those that change something, in two)
	@WHENFLOW_ALL_FAULTS=yes $(python) -m pytest --quiet --numprocesses auto tests/functions/test_faults_of_runs.py

test-contract-local: environment-dev ## the contract suite against the DynamoDB of the embedded AWS
	@PYTHONPATH=layers/whenflow $(python) scripts/beside_emulator.py $(python) -m pytest --quiet tests/contract

test-aws: environment-dev ## the end-to-end tests on a stack in your AWS account (WHENFLOW_E2E_STACK=name, see tests/e2e)
	@test -n "$(WHENFLOW_E2E_STACK)" || { echo "Name the stack: WHENFLOW_E2E_STACK=whenflow-dev make test-aws" >&2; exit 1; }
	@WHENFLOW_E2E_STACK=$(WHENFLOW_E2E_STACK) $(python) -m pytest --quiet tests/e2e

test-prefect-client: environment-dev ## Prefect's own client against the local stack (installs it into .cache once)
	@scripts/environment.sh prefect-client
	@$(python) -m pytest --quiet tests/prefect_client

test-iam: environment-dev ## a local stack with ApiAuthorization=iam: who signs is let in, nobody else (half a minute)
	@$(python) -m pytest --quiet tests/iam

REFERENCE_CASES ?= 2000

test-reference: environment-dev ## random cases beside Prefect's own engine, REFERENCE_CASES of each set (REFERENCE_ARGS="--seed 7 --set matching")
	@scripts/environment.sh prefect-client
	@PYTHONPATH=layers/whenflow:. $(python) -W ignore::SyntaxWarning -m tests.reference --cases $(REFERENCE_CASES) $(REFERENCE_ARGS)

test-schemathesis: environment-dev ## the API against its own description (SCHEMATHESIS_ARGS=…)
	@scripts/environment.sh schemathesis
	@PYTHONPATH=layers/whenflow:. $(python) -m tests.schemathesis $(SCHEMATHESIS_ARGS)

test-schemathesis-quick: ## the same within a minute: every operation, fewer cases
	@$(MAKE) --no-print-directory test-schemathesis SCHEMATHESIS_ARGS=--quick

openapi: environment-local ## write docs/openapi.json
	@PYTHONPATH=layers/whenflow $(python) scripts/openapi.py

test-dynamodb-local: environment-dev ## the contract suite against AWS's own DynamoDB engine (needs a JDK and Maven)
	@scripts/dynamodb_local.sh $(python) -m pytest --quiet tests/contract

test-github-examples: environment-dev ## every example of GitHub's deliveries that npm has, through the github preset
	@PYTHONPATH=layers/whenflow:. $(python) -m tests.github_examples

test-kafka: environment-dev ## the sign-up story with a real Kafka (needs a JDK and Maven; KAFKA_MESSAGES=100 for fewer than 1,000)
	@scripts/test_kafka.sh

check: lint types contracts validate test ## all that CI runs

lint: environment-dev ## ruff: rules and format
	@$(python) -m ruff check --quiet .
	@$(python) -m ruff format --quiet --check .

types: environment-dev ## mypy, strict
	@$(python) -m mypy --no-error-summary

contracts: environment-dev ## import-linter: which room may import which
	@.venv/bin/lint-imports --no-logo

validate: environment-sam ## the template, by SAM's and CloudFormation's own rules
	@$(sam) validate --lint >/dev/null

format: environment-dev ## put code into its format
	@$(python) -m ruff check --quiet --fix-only .
	@$(python) -m ruff format --quiet .

FUZZ_SECONDS ?= 60

fuzz: ## the template engine under a coverage-guided fuzzer, FUZZ_SECONDS long (Linux)
	@mkdir -p .cache/fuzz
	@test -x .cache/fuzz-venv/bin/python || $(PYTHON) -m venv .cache/fuzz-venv
	@.cache/fuzz-venv/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --no-deps \
		-r requirements/fuzz.txt -r layers/dependencies/requirements.txt
	@PYTHONPATH=layers/whenflow .cache/fuzz-venv/bin/python fuzz/templates.py -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
		.cache/fuzz fuzz/corpus/templates

SEEDS ?= 200

simulate: environment-dev ## SEEDS histories of a stack whose every call may fail (SEEDS=20000 takes a quarter of an hour)
	@PYTHONPATH=layers/whenflow $(python) -m whenflow.testing.simulation --seeds $(SEEDS) $(SIMULATE_ARGS)

# ---- build and deploy ----

build: environment-sam ## sam build for this machine (RUNTIME=… ARCH=… BUILD_FOR=lambda for another)
	@scripts/build.sh $(RUNTIME) $(ARCH) $(BUILD_FOR)

build-lambda: ## sam build for AWS, with the template's own defaults
	@$(MAKE) --no-print-directory build RUNTIME=python3.13 ARCH=arm64 BUILD_FOR=lambda

deploy: build-lambda ## sam deploy to your AWS account (ENV=dev or ENV=prod)
	@$(sam) deploy --config-env $(ENV)

lock: ## write the locks anew (LOCK_ARGS=--upgrade for the newest versions)
	@scripts/lock.sh $(LOCK_ARGS)

# ---- sam local: real Lambda containers ----

FUNCTION ?= ApiFunction
EVENT ?= events/api_get_health.json

sam-local: environment-sam ## sam local invoke (FUNCTION=FlowsFunction EVENT=events/flows_task.json for another)
	@scripts/sam_local.sh $(FUNCTION) $(EVENT)

sam-local-down: ## stop the Docker engine that `make sam-local` started
	@scripts/sam_local.sh down

# ---- environments ----

# Both at once: they are independent, and most of the time goes into downloads.
environment:
	@$(MAKE) --no-print-directory -j2 environment-local environment-sam

environment-local:
	@scripts/environment.sh local

environment-dev:
	@$(MAKE) --no-print-directory -j2 environment-tests environment-sam

environment-tests:
	@scripts/environment.sh dev

environment-sam:
	@scripts/environment.sh sam

# ---- benchmarks ----

bench-matching: environment-local ## events per second through the engine, beside the reference and event-ruler (BENCH_ARGS=…)
	@PYTHONPATH=layers/whenflow $(python) -m benchmarks.matching $(BENCH_ARGS)

bench-webhook: environment-local ## requests per second from HTTP request to stored event, and where the time goes (BENCH_ARGS=…)
	@PYTHONPATH=layers/whenflow $(python) -m benchmarks.webhook $(BENCH_ARGS)

bench-launch: environment ## from an event to running code on the local stack, one by one and in a burst, beside the reference (BENCH_ARGS=…)
	@PYTHONPATH=layers/whenflow $(python) -m benchmarks.launch $(BENCH_ARGS)

bench-backtest: environment ## events per second from a file of events to firings; writes ~360 MB to .cache once
	@PYTHONPATH=layers/whenflow $(python) -m benchmarks.backtest
