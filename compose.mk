# The platform as Docker Compose services; the Makefile includes this. `make up` needs Docker and Python 3, no more.
WORKERS ?= 1
export GIT_REVISION ?= $(shell git rev-parse HEAD 2>/dev/null)

.PHONY: up
up: env ## Build and start the services in Docker, wait until they are healthy, show addresses (WORKERS=2)
	@$(CAN_START) up
	@$(OWN_COMPOSE) --look
	@$(if $(filter-out 0,$(NO_BACKUP)),,$(SYSTEM_PYTHON) -m compose.upgrade $(SAVING))
	@eval "$$(PYTHONPATH=. $(SYSTEM_PYTHON) compose/public_names.py)"; \
	docker compose up --build --detach --wait --wait-timeout 600 --scale airflow-worker=$(WORKERS) || \
	  { compose/why_not_up.sh; exit 1; }; \
	compose/addresses.sh

.PHONY: run-pipeline
run-pipeline: ## Run the four DAGs in order in the services in Docker, with their progress (CONF='{"entrenar_modelo": {"n_estimators": 40}}')
	@$(OWN_COMPOSE) run --rm --no-deps run-pipeline $(if $(CONF),python /opt/airflow/run_pipeline.py --conf '$(CONF)')

# `make backup` and `make restore`: of the services in Docker while they are up, else of the embedded platform; what a
# file was saved of, it tells itself.
SEALING := $(if $(PASSPHRASE_FILE),--passphrase-file "$(PASSPHRASE_FILE)",$(if $(ENCRYPT),--ask))
# A setting of the command line or the shell, of .env, or its default.
setting = $(or $($(1)),$(shell sed -n 's/^$(1)=//p' .env 2>/dev/null | tail -n 1),$(2))
SAVING = "$(call setting,BACKUPS,backups)" $(SEALING) $(if $(KEEP),--keep $(KEEP))
RESTORING := "$(FILE)" $(SEALING) $(if $(FORCE),--force) $(if $(RECORD),--record "$(RECORD)") $(if $(SECRETS),--secrets $(SECRETS))
ROLLING := $(if $(FORWARD),--forward "$(FORWARD)") $(if $(UNTIL),--until "$(UNTIL)")

.PHONY: backup
backup: ## Save all that the platform holds into one file of BACKUPS (backups), while it runs (ENCRYPT=1, KEEP=7)
	@if $(OWN_COMPOSE) --if-up --look; then $(SYSTEM_PYTHON) -m compose.backup save $(SAVING); \
	elif [ -x $(PYTHON) ]; then $(EMBEDDED) backup $(SAVING); \
	else echo "nothing was saved: the services in Docker have to run (make up), and nothing embedded is here"; exit 1; fi

.PHONY: backup-schedule
backup-schedule: ## Have cron make a backup of the services in Docker every BACKUP_EVERY_HOURS of .env; 0 ends it
	@$(SYSTEM_PYTHON) -m compose.schedule "$(call setting,BACKUP_EVERY_HOURS,0)" "$(call setting,BACKUPS,backups)"

.PHONY: scheduled-backup
scheduled-backup: ## Make a backup of the services in Docker where one is due: what cron calls
	@$(SYSTEM_PYTHON) -m compose.backup save "$(call setting,BACKUPS,backups)" --due "$(call setting,BACKUP_EVERY_HOURS,0)" \
	  --keep "$(call setting,BACKUP_KEEP,7)" $(addprefix --passphrase-file ,$(call setting,BACKUP_PASSPHRASE_FILE))

PRUNING = --days "$(call setting,PRUNE_AFTER_DAYS,30)" $(if $(filter-out 0,$(DRY)),--dry)
KEPT = --keep "$(call setting,PRUNE_KEEP_TRAININGS,10)"

.PHONY: prune
prune: ## Delete what grows and no longer serves: old trainings, Airflow's history and logs (DRY=1 only says it)
	@if $(OWN_COMPOSE) --if-up --look; then $(OWN_COMPOSE) exec -T airflow-scheduler python -m readmission.airflow_prune $(PRUNING) && \
	  $(OWN_COMPOSE) exec -T mlflow python prune.py $(KEPT) $(PRUNING) && \
	  $(OWN_COMPOSE) run --rm --no-deps -T bucket python prune_bucket.py $(PRUNING); \
	else $(EMBEDDED) prune $(KEPT) $(PRUNING); fi

.PHONY: restore
restore: ## Bring a backup back where nothing is, or with FORCE=1 in the place of what is there (FILE=…; RECORD=…)
	@[ -n "$(FILE)" ] || { echo "which backup? make restore FILE=backups/NAME.tar"; exit 1; }
	@case $$($(SYSTEM_PYTHON) -m connections.backup_file "$(FILE)") in \
	  docker) $(CAN_START) up && $(OWN_COMPOSE) --look && $(SYSTEM_PYTHON) -m compose.backup restore $(RESTORING) $(ROLLING);; \
	  embedded) $(MAKE) --no-print-directory env install && $(EMBEDDED) restore $(RESTORING);; \
	  *) exit 1;; esac

.PHONY: keys
keys: ## Make, list and revoke API keys, embedded or in Docker (ARGS="create ward-7 --role read")
	@if $(OWN_COMPOSE) --if-up --look; then $(OWN_COMPOSE) run --rm --no-deps -T keys $(or $(ARGS),list); \
	else $(VENV)/bin/readmission keys $(or $(ARGS),list); fi

.PHONY: tls-root
tls-root: ## Print the certificate that other machines trust the services in Docker by, in PEM
	@$(OWN_COMPOSE) exec -T edge cat /var/lib/edge/caddy/pki/authorities/local/root.crt
.PHONY: rotate
rotate: env ## Change a secret of the services in Docker, in its server and .env together (NAME=POSTGRES_PASSWORD, NAME=all)
	@$(OWN_COMPOSE) --if-up --look || { echo "no secret was changed: the services in Docker have to run (make up)"; exit 1; }
	@eval "$$(PYTHONPATH=. $(SYSTEM_PYTHON) compose/public_names.py)"; $(SYSTEM_PYTHON) -m compose.rotate "$(NAME)"

.PHONY: airflow-users
airflow-users: ## Make and list people's accounts in Airflow in Docker (ARGS="create -r Viewer -u ana -f Ana -l Soto -e a@b.org")
	@$(OWN_COMPOSE) exec airflow-apiserver airflow users $(or $(ARGS),list)

.PHONY: ps
ps: ## Show the services in Docker and whether they are healthy
	@$(OWN_COMPOSE) ps --all

.PHONY: e2e
e2e: install browser ## Prove the services in Docker end to end, as a project of its own (10-30 minutes; ARGS="-k start")
	@docker info >/dev/null || { echo "make e2e needs a Docker engine, and none answers"; exit 1; }
	@$(VENV)/bin/pytest tests/e2e -m e2e $(ARGS)

.PHONY: test-mysql
test-mysql: install ## Run the database tests on MySQL: the server of TEST_DATABASE_URL, or one in Docker for the while
	@compose/test_mysql.sh $(PYTHON) $(ARGS)
