# The commands of every day; CI runs the same. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# ONNX Runtime and MLflow report to their makers unless they are told not to.
export ORT_DISABLE_TELEMETRY := 1
export MLFLOW_DISABLE_TELEMETRY := true

# Makes the environment, and runs what comes before it.
SYSTEM_PYTHON ?= python3
VENV := .venv
PYTHON := $(VENV)/bin/python
# uv as it is installed, or one of the project's own.
OWN_UV := var/uv
UV := $(or $(shell command -v uv),$(OWN_UV)/bin/uv)
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"
# Says which setting, or which folder, stands in the way of a start.
CAN_START := $(SYSTEM_PYTHON) -m scripts.doctor
# `docker compose`, on this clone's containers alone: 10 where there are none, 11 another clone's, 12 no engine answers.
OWN_COMPOSE := $(SYSTEM_PYTHON) compose/clone.py
# The commands of the embedded platform.
EMBEDDED := scripts/embedded.sh $(PYTHON)
# Tests run on every core, up to four at once; what is in one file stays together, as it shares servers.
ON_EVERY_CORE := --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# Where the accessibility checker of the form's tests is put.
AXE := var/axe
# The real data set, where a copy lies beside the repository.
CHECK_SOURCE ?= $(wildcard ../shared/data/dataset_diabetes.zip)

##@ Trying it: everything on this machine, without containers

.PHONY: demo
demo: ## Set up, start everything, run the pipeline, predict once; Ctrl-C stops it (DETACH=1 leaves it up)
	@since=$$(date +%s); $(MAKE) --no-print-directory env && $(CAN_START) demo && $(MAKE) --no-print-directory install && \
	exec $(PYTHON) -m readmission.local demo --since $$since $(if $(DETACH),--detach)

.PHONY: services
services: ## Start the services only; Ctrl-C stops them (DETACH=1 leaves them up)
	@$(MAKE) --no-print-directory env && $(CAN_START) demo && $(MAKE) --no-print-directory install && \
	exec $(PYTHON) -m readmission.local up $(if $(DETACH),--detach)

.PHONY: down
down: ## Stop the services, embedded or in Docker; data, models and history stay
	@$(EMBEDDED) down
	@$(OWN_COMPOSE) --if-any down || { code=$$?; case $$code in 10|12) ;; *) exit $$code;; esac; }

.PHONY: status
status: ## Ask each service at its address, embedded or in Docker, and show what answers; fails unless all do
	@if $(OWN_COMPOSE) --if-up --look; then $(SYSTEM_PYTHON) -m compose.status "$(call setting,BACKUPS,backups)" "$(call setting,BACKUP_EVERY_HOURS,0)"; code=$$?; \
	  $(EMBEDDED) status --if-running && exit $$code; else $(EMBEDDED) status; fi

.PHONY: logs
logs: ## Follow the services' logs (SERVICE=api for one of them)
	@if $(OWN_COMPOSE) --if-any --look; then exec docker compose logs --follow --tail=20 $(SERVICE); \
	else $(EMBEDDED) logs $(SERVICE); fi

.PHONY: doctor
doctor: ## Check Python, disk, memory, ports and Docker before anything is started
	@$(SYSTEM_PYTHON) -m scripts.doctor

##@ Setting up

.PHONY: env
env: ## Write .env with random secrets; one that exists keeps its values
	@$(SYSTEM_PYTHON) -m scripts.env_file

.PHONY: install
install: $(VENV)/.installed ## Make the environment in .venv from the lock
	@:

# The environment's programs begin with the name of its folder, so that none of them starts after a move.
AT_HOME := head -n 2 $(VENV)/bin/readmission 2>/dev/null | grep -qF '$(abspath $(VENV))/bin/'
ifneq ($(shell [ ! -e $(VENV)/.installed ] || $(AT_HOME) || echo elsewhere),)
$(VENV)/.installed: anew
anew: ;
endif
$(VENV)/.installed: constraints.txt pyproject.toml
	@command -v $(UV) >/dev/null || { echo "Installing uv (20 MB) into $(OWN_UV)"; \
	  $(SYSTEM_PYTHON) -m venv $(OWN_UV) && $(OWN_UV)/bin/python -m pip install --quiet --require-hashes -r supply/requirements_uv.txt; }
	@[ ! -x $(PYTHON) ] || $(AT_HOME) || { echo "$(VENV) was made in another folder: it is made anew for this one"; \
	  $(PYTHON) -m readmission.local down --if-moved && rm -rf $(VENV); }
	@echo "Making $(VENV): about 500 MB to download the first time, 2 GB on disk"
	@[ -x $(PYTHON) ] || $(UV) venv --quiet --python ">=3.11,<3.14" $(VENV)
	@$(UV) pip sync --python $(PYTHON) --require-hashes constraints.txt
	@$(UV) pip install --quiet --python $(PYTHON) --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: lock
lock: ## Make constraints.txt and its slices anew from pyproject.toml
	$(COMPILE) --all-extras pyproject.toml -o constraints.txt
	$(COMPILE) --extra airflow -c constraints.txt pyproject.toml -o requirements.txt
	$(COMPILE) --extra api -c constraints.txt pyproject.toml -o app_back/requirements_api.txt
	$(COMPILE) --extra form -c constraints.txt pyproject.toml -o app_front/requirements_app.txt
	$(COMPILE) --extra mlflow -c constraints.txt pyproject.toml -o mlflow/requirements_mlflow.txt
	$(COMPILE) --extra bucket -c constraints.txt pyproject.toml -o minio/requirements_minio.txt
	echo uv | $(COMPILE) -c constraints.txt - -o supply/requirements_uv.txt

##@ Developing

.PHONY: test-fast
test-fast: install ## Run the unit tests alone: a minute or two (ARGS="-k ports" for some of them)
	@$(VENV)/bin/pytest tests/unit $(ON_EVERY_CORE) $(ARGS)

.PHONY: test
test: install ## Run the tests, the unit tests first; what takes long or needs MySQL or Docker has targets of its own
	@$(VENV)/bin/pytest $(ON_EVERY_CORE) $(ARGS)

.PHONY: test-slow
test-slow: install ## Run the tests that take long: whole platforms, the form in a browser, long trainings
	@$(VENV)/bin/pytest tests/integration -m slow $(ON_EVERY_CORE) $(ARGS)

.PHONY: browser
browser: ## Install what the form's tests need to see it in a browser: Debian's chromium, and axe-core in var/axe
	@[ -x /usr/bin/chromium ] && [ -x /usr/bin/certutil ] || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium libnss3-tools >/dev/null; } || \
	  { echo "the tests need Debian's chromium: apt-get install chromium libnss3-tools"; exit 1; }
	@command -v npm >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm >/dev/null; } || \
	  { echo "the tests need npm: apt-get install npm"; exit 1; }
	@mkdir -p $(AXE) && cp tests/axe/package.json tests/axe/package-lock.json $(AXE) && \
	  npm ci --prefix $(AXE) --ignore-scripts --no-audit --no-fund --silent

.PHONY: coverage
coverage: install ## Run the tests and the demo once more, measuring branches; fails below the level that was reached
	@$(VENV)/bin/pytest --quiet tests/unit tests/integration tests/demo -m "not mysql" $(ON_EVERY_CORE) --cov \
	  --cov-report=term:skip-covered $(if $(CHECK_SOURCE),--source $(CHECK_SOURCE)) $(ARGS)

.PHONY: lint
lint: install ## Check style, types, who imports whom, the Compose file and the manifests
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(VENV)/bin/pytest --quiet tests/unit/compose tests/unit/k8s

.PHONY: audit
audit: install ## Look for known vulnerabilities, dangerous code and secrets, git's history included (OFFLINE=1: advisories are not)
	@$(PYTHON) -m supply.audit $(if $(filter-out 0,$(OFFLINE)),--offline) $(ARGS)

.PHONY: sbom
sbom: install ## Write what each image is made of: Debian's and Python's packages, as CycloneDX (var/sbom)
	@$(PYTHON) -m supply.sbom $(ARGS)

.PHONY: format
format: install ## Put the code in its style
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

.PHONY: demo-check
demo-check: install ## Run the demo in a throw-away folder on free ports, and trainings that are broken off, and check both
	@$(VENV)/bin/pytest tests/demo tests/integration/dags -m demo --capture=no $(if $(CHECK_SOURCE),--source $(CHECK_SOURCE)) $(ARGS)

WITH_WRK = command -v wrk >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk >/dev/null; } || \
  { echo "the benchmark asks with wrk: apt-get install wrk"; exit 1; }

.PHONY: bench-serving
bench-serving: install ## Measure the service beside an empty handler and mlflow models serve (ARGS="--seconds 4 --only floor,sqlite")
	@$(WITH_WRK)
	@$(PYTHON) -m benchmarks.serving $(ARGS)

.PHONY: soak
soak: install ## Ask the service for half of the most it answers for ten minutes: memory, errors, rows (SECONDS=60, ARGS="--mysql")
	@$(WITH_WRK)
	@$(PYTHON) -m benchmarks.soak $(ARGS)

.PHONY: prove-durable
prove-durable: install ## Kill the service again and again under load and compare answers with rows (ARGS="--mysql" its database too)
	@$(PYTHON) -m benchmarks.prove_durable $(ARGS)

.PHONY: chaos-service
chaos-service: install ## Let random things go wrong with database and service under load, and print a table (SEED=1 ROUNDS=20)
	@$(PYTHON) -m benchmarks.chaos.service $(ARGS)
.PHONY: chaos
chaos: install ## Let everything go wrong once with the services in Docker, each during a training and under load (SEED=1)
	@$(PYTHON) -m benchmarks.chaos.platform $(ARGS)
.PHONY: bench-model
bench-model: install ## Measure the model on three splits beside each batch, scikit-learn's defaults and LightGBM (ARGS="--seeds 42")
	@$(PYTHON) -m benchmarks.model --source "$(CHECK_SOURCE)" $(ARGS)
.PHONY: leakage
leakage: install ## Look whether anything tells the model what it must not know (ARGS="--patients 10000" for a sample)
	@$(PYTHON) -m benchmarks.leakage --source "$(or $(CHECK_SOURCE),synthetic)" $(ARGS)
.PHONY: bench-score
bench-score: install ## Measure `readmission score` beside the raw rate of either engine, and its memory
	@$(PYTHON) -m benchmarks.score --source $(or $(CHECK_SOURCE),synthetic) $(ARGS)
.PHONY: bench-reasons
bench-reasons: install ## Measure how long the reasons of a risk take, and hold their ranks against SHAP's TreeExplainer
	@$(PYTHON) -m benchmarks.reasons --source $(or $(CHECK_SOURCE),synthetic) $(ARGS)

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ In Docker

include compose.mk

##@ On Kubernetes

include k8s.mk
