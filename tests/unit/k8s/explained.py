"""Which service of Compose is which container of the manifests, and what differs between them for a reason.

A service or container that only one side has, and each variable, secret, port or command that differs, is here.
"""

# Each service of Compose, and the workload and container that are the same.
SAME = {
    "mysql": ("mysql", "mysql"),
    "minio": ("minio", "minio"),
    "bucket": ("bucket", "bucket"),
    "postgres": ("postgres", "postgres"),
    "mlflow": ("mlflow", "mlflow"),
    "adopt": ("adopt", "adopt"),
    "migrate": ("migrate", "migrate"),
    "keeper": ("keeper", "keeper"),
    "api": ("api", "api"),
    "front": ("front", "front"),
    "airflow-init": ("airflow-apiserver", "migrate"),
    "airflow-apiserver": ("airflow-apiserver", "airflow"),
    "airflow-scheduler": ("airflow-scheduler", "airflow"),
    "airflow-dag-processor": ("airflow-dag-processor", "airflow"),
    "airflow-triggerer": ("airflow-triggerer", "airflow"),
    "airflow-worker": ("airflow-task", "base"),
}
ONLY_COMPOSE = {
    "env-check-run-make-env": "make k8s-up checks the settings itself",
    "redis": "Celery's broker: pods take its place",
    "run-pipeline": "make k8s-run-pipeline asks from outside",
    "keys": "make k8s-keys changes the Secret itself",
    "store-account": "Kubernetes has no volume that a job and a pod share; MLflow has the keys of its Secret",
    "edge": "an Ingress takes its place, in the overlay production",
}
ONLY_KUBERNETES = {
    "airflow-scheduler/wait-for-tables": "depends_on of Compose",
    "airflow-dag-processor/wait-for-tables": "depends_on of Compose",
    "airflow-triggerer/wait-for-tables": "depends_on of Compose",
    "mlflow/migrate": "once for a release, and not at each start",
    "mysql-backup/backup": "a volume on one machine is backed up by its owner",
    "dataset-loader/loader": "copies a file into the claim",
}
# By service, or services: variables that differ, and why.
DIFFERENT = {
    "*": {"HEALTH_NEEDS": "the health checks of Docker alone read it"},
    "airflow-*": {
        "AIRFLOW__CORE__EXECUTOR": "pods in the place of Celery's workers",
        "AIRFLOW__CELERY*": "as above",
        "AIRFLOW__KUBERNETES_EXECUTOR__*": "as above",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "batches wait until a node has room",
    },
    "airflow-apiserver": {"FORWARDED_ALLOW_IPS": "behind an Ingress, in the overlay production"},
    "airflow-init": {
        "AIRFLOW__API__WORKERS": "one ConfigMap of Airflow's",
        "AIRFLOW_ADMIN_USER": "its default",
    },
    "airflow-scheduler airflow-dag-processor airflow-triggerer": {"AIRFLOW__API__WORKERS": "as above"},
    "airflow-worker": {
        "AIRFLOW__API__WORKERS": "one ConfigMap of Airflow's",
        "API_WORKERS": "one ConfigMap of settings",
        "API_AUTH": "as above",
        "API_KEY_REQUESTS_PER_MINUTE": "as above",
        "BATCH_SECONDS": "as above",
        "DUMB_INIT_SETSID": "Celery's",
        "JOURNAL_MAX_MB": "as above",
        "LOG_WAIT_SECONDS": "as above",
        "MODEL_POLL_SECONDS": "as above",
        "QUEUE_LIMIT": "as above",
    },
    "adopt": {
        "API_WORKERS": "one ConfigMap of settings",
        "API_AUTH": "as above",
        "API_KEY_REQUESTS_PER_MINUTE": "as above",
        "BATCH_SECONDS": "as above",
        "JOURNAL_MAX_MB": "as above",
        "LOG_WAIT_SECONDS": "as above",
        "QUEUE_LIMIT": "as above",
        "EXPERIMENT": "as above",
        "MODEL_POLL_SECONDS": "as above",
        "TRAINING_JOBS": "as above",
    },
    "api": {
        "EXPERIMENT": "one ConfigMap of settings",
        "TRAINING_JOBS": "as above",
        "OTHER_HOSTS": "a Service has longer names too",
    },
    "mlflow": {
        "BIND_ADDRESS": "where Docker publishes it",
        "AWS_*KEY*": "the cluster's Secret has the keys",
        "AWS_SHARED_CREDENTIALS_FILE": "as above",
    },
    "postgres": {"PGDATA": "a claim's own folder may hold lost+found"},
}
# Secrets that only Compose's service holds.
FEWER = {
    "airflow-*": {"REDIS_PASSWORD"},
}
# Docker's alone: the kubelet has probes in their place.
DOCKERS_FILES = {"./compose/health.sh"}
# Secrets that only the container holds.
MORE = {"mlflow": {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}}
# The volume by which the job `store-account` gives MLflow its keys.
DOCKERS_VOLUMES = {"store-keys"}
# Published by no service of Compose, where names lead to every port.
ONLY_IN_THE_CLUSTER = {"postgres": {5432}}
# Services that only give the pods of a StatefulSet their names.
GOVERNING = {"api-pods"}
COMMANDS_DIFFER = {
    "airflow-apiserver": "behind an Ingress, in the overlay production",
    "airflow-worker": "the executor gives each pod its command",
    "api": "where Docker publishes it",
    "front": "as above",
}
# Docker's alone: on Kubernetes a Service and a policy lead to what is published, policies to the outside, and pods take
# the broker's place. One of the form's two is chosen by a setting; on Kubernetes a component lets it out.
LOGIN = "login${FORM_OIDC_METADATA_URL:+-outside}"
DOCKERS_NETWORKS = {
    "published-api", "published-front", "published-mlflow", "published-edge", "edge", "outside", "broker",
    "login", "login-outside", LOGIN,
}  # fmt: skip
