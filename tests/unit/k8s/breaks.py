"""What breaks each rule: one change to one object, and what the rule then tells."""

from typing import Any, NamedTuple

from tests.unit.k8s.environment_rules import names, values
from tests.unit.k8s.network_rules import addresses, denied_by_default, networks, policies
from tests.unit.k8s.objects import Rule
from tests.unit.k8s.pod_rules import (
    accounts,
    images,
    namespace_is_restricted,
    probes,
    resources,
    restricted,
    service_links,
)
from tests.unit.k8s.reference_rules import configuration, ports, rights, selectors, targets, volumes

POD = "spec template spec"
API, FIRST = f"{POD} containers 0", "spec containers 0"
URL = f"{API} env 1 value"
LABELS = "spec template metadata labels"
KEY = f"{API} env 0 valueFrom secretKeyRef"
AMONG = "matchExpressions 0 values"
TOKEN = "automountServiceAccountToken"
GONE = object()


class Break(NamedTuple):
    """A field of an object with another value, and what the rule then tells of it, in production."""

    rule: Rule
    kind: str
    name: str
    path: str
    value: Any
    told: str


BROKEN = (
    Break(restricted, "StatefulSet", "api", f"{POD} securityContext runAsUser", 0, "api: runs as root"),
    Break(restricted, "StatefulSet", "api", f"{POD} securityContext runAsNonRoot", GONE, "api: runs as root"),
    Break(restricted, "StatefulSet", "api", f"{POD} securityContext seccompProfile type", "Unconfined", "seccomp"),
    Break(restricted, "StatefulSet", "api", f"{POD} securityContext sysctls", [], "securityContext.sysctls"),
    Break(restricted, "StatefulSet", "api", f"{POD} hostNetwork", True, "api: hostNetwork"),
    Break(restricted, "StatefulSet", "api", f"{POD} volumes 0 hostPath", {"path": "/"}, "a volume of kind hostPath"),
    Break(restricted, "StatefulSet", "api", f"{API} securityContext privileged", True, "securityContext.privileged"),
    Break(restricted, "StatefulSet", "api", f"{API} securityContext runAsUser", 0, "securityContext.runAsUser"),
    Break(restricted, "StatefulSet", "api", f"{API} securityContext readOnlyRootFilesystem", False, "readOnlyRoot"),
    Break(restricted, "StatefulSet", "api", f"{API} securityContext allowPrivilegeEscalation", GONE, "allowPrivilege"),
    Break(restricted, "StatefulSet", "api", f"{API} securityContext capabilities add", ["NET_ADMIN"], "capabilities"),
    Break(restricted, "StatefulSet", "api", f"{API} ports 0 hostPort", 8000, "a hostPort"),
    Break(restricted, "StatefulSet", "api", f"{API} livenessProbe httpGet host", "10.0.0.1", "a probe of another host"),
    Break(restricted, "Deployment", "mlflow", f"{POD} initContainers 0 securityContext", {}, "mlflow/migrate"),
    Break(restricted, "CronJob", "mysql-backup", f"spec jobTemplate {POD} securityContext", {}, "backup: runs as"),
    Break(restricted, "task", "", "spec securityContext runAsNonRoot", False, "airflow-task: runs as root"),
    Break(namespace_is_restricted, "Namespace", "readmission", "metadata labels", {}, "enforce is not restricted"),
    Break(namespace_is_restricted, "Service", "api", "metadata namespace", "default", "Service api: is in no"),
    Break(namespace_is_restricted, "Service", "api", "metadata labels", {}, "make k8s-down would leave it"),
    Break(images, "StatefulSet", "mysql", f"{API} image", "mysql", "mysql: mysql has no tag"),
    Break(images, "StatefulSet", "mysql", f"{API} image", "mysql:latest", "mysql:latest has no tag"),
    Break(images, "StatefulSet", "mysql", f"{API} image", "r.org:5000/mysql", "has no tag"),
    Break(images, "task", "", f"{FIRST} image", "readmission-worker", "airflow-task: readmission-worker"),
    Break(resources, "StatefulSet", "api", f"{API} resources limits memory", GONE, "no limit of memory"),
    Break(resources, "StatefulSet", "api", f"{API} resources", GONE, "no request"),
    Break(resources, "StatefulSet", "api", f"{API} resources requests cpu", "3", "asks for more cpu"),
    Break(resources, "task", "", f"{FIRST} resources requests memory", "3Gi", "base: asks for more memory"),
    Break(probes, "StatefulSet", "api", f"{API} livenessProbe", GONE, "api: no livenessProbe"),
    Break(probes, "StatefulSet", "mysql", f"{API} startupProbe", GONE, "mysql: no startupProbe"),
    Break(probes, "Deployment", "airflow-scheduler", f"{API} readinessProbe", GONE, "scheduler: no readinessProbe"),
    Break(service_links, "StatefulSet", "api", f"{POD} enableServiceLinks", GONE, "api: enableServiceLinks"),
    Break(service_links, "task", "", "spec enableServiceLinks", True, "airflow-task: enableServiceLinks"),
    Break(accounts, "StatefulSet", "api", f"{POD} serviceAccountName", "front", "api: its account is front"),
    Break(accounts, "StatefulSet", "api", f"{POD} serviceAccountName", GONE, "api: its account is default"),
    Break(accounts, "StatefulSet", "api", f"{POD} {TOKEN}", True, "api: token"),
    Break(accounts, "task", "", f"spec {TOKEN}", True, "airflow-task: token"),
    Break(accounts, "Deployment", "airflow-scheduler", f"{POD} {TOKEN}", False, "airflow-scheduler: token"),
    Break(accounts, "ServiceAccount", "api", TOKEN, True, "account api: token"),
    Break(accounts, "ServiceAccount", "api", "metadata name", "apis", "account apis: nobody's"),
    Break(configuration, "StatefulSet", "api", f"{API} envFrom 0 configMapRef name", "none", "ConfigMap none is not"),
    Break(configuration, "StatefulSet", "api", f"{KEY} name", "none", "Secret none is not"),
    Break(configuration, "StatefulSet", "api", f"{KEY} key", "KEY", "mysql-api has no KEY"),
    Break(configuration, "task", "", f"{FIRST} envFrom 0 configMapRef", {"name": "no", "optional": True}, "no is not"),
    Break(configuration, "task", "", "spec volumes 0 configMap name", "none", "airflow-task: ConfigMap none"),
    Break(configuration, "StatefulSet", "mysql", f"{POD} volumes 0 configMap items", [{"key": "x"}], "has no x"),
    Break(volumes, "task", "", "spec volumes 1 persistentVolumeClaim claimName", "none", "claim none is not there"),
    Break(volumes, "StatefulSet", "api", f"{API} volumeMounts", [], "volume scratch is"),
    Break(volumes, "StatefulSet", "api", f"{API} volumeMounts 0 name", "none", "volume none is"),
    Break(volumes, "StatefulSet", "mysql", "spec volumeClaimTemplates", [], "volume data is"),
    Break(ports, "Service", "api", "spec ports 0 targetPort", "https", "Service api: https is no port"),
    Break(ports, "Service", "api", "spec selector", {"a": "b"}, "Service api: http is no port"),
    Break(ports, "StatefulSet", "api", f"{API} ports 0 name", "web", "api: probes http"),
    Break(ports, "Ingress", "api", "spec rules 0 http paths 0 backend service port name", "s3", "api has no port s3"),
    Break(ports, "Ingress", "api", "spec rules 0 http paths 0 backend service name", "none", "none has no port http"),
    Break(selectors, "StatefulSet", "api", "spec selector matchLabels", {"network/web": "member"}, "['api', 'front']"),
    Break(selectors, "StatefulSet", "api", "spec template metadata labels", {}, "api: selects the pods of []"),
    Break(selectors, "Service", "api", "spec selector", {"network/web": "member"}, "Service api: selects"),
    Break(selectors, "PodDisruptionBudget", "api", "spec selector matchLabels", {"a": "b"}, "Budget api: selects"),
    Break(selectors, "StatefulSet", "api", f"{POD} topologySpreadConstraints 0 labelSelector matchLabels",
          {"app.kubernetes.io/name": "front"}, "api: spreads other pods"),
    Break(targets, "HorizontalPodAutoscaler", "api", "spec scaleTargetRef name", "front", "autoscaler api"),
    Break(targets, "StatefulSet", "api", "spec replicas", 2, "autoscaler api"),
    Break(targets, "StatefulSet", "mysql", "spec serviceName", "none", "StatefulSet mysql: its Service"),
    Break(rights, "Role", "airflow-tasks", "kind", "ClusterRole", "ClusterRole airflow-tasks: reaches beyond"),
    Break(rights, "Role", "airflow-tasks", "rules 0 resources", ["secrets"], "Role airflow-tasks: secrets"),
    Break(rights, "Role", "airflow-tasks", "rules 0 verbs", ["*"], "Role airflow-tasks: *"),
    Break(rights, "Role", "airflow-tasks", "metadata name", "others", "its Role is not there"),
    Break(rights, "RoleBinding", "airflow-tasks", "subjects 0 name", "api", "binds others"),
    Break(denied_by_default, "NetworkPolicy", "default-deny", "spec policyTypes", ["Ingress"], "leaves something open"),
    Break(denied_by_default, "NetworkPolicy", "default-deny", "spec egress 0 ports 0 port", 443, "lets out more"),
    Break(policies, "NetworkPolicy", "from-the-ingress", "spec ingress", [{}], "lets everything through"),
    Break(policies, "NetworkPolicy", "from-the-ingress", "spec ingress 0 from", GONE, "lets everybody in"),
    Break(policies, "NetworkPolicy", "tasks-to-the-data-set", "spec podSelector matchLabels", {"a": "b"}, "no pod"),
    Break(policies, "NetworkPolicy", "from-the-ingress", f"spec podSelector {AMONG} 0", "x", "x names"),
    Break(networks, "NetworkPolicy", "network-web", "spec ingress 0 from", [{"podSelector": {}}], "web: no policy"),
    Break(networks, "StatefulSet", "api", "spec template metadata labels network/new", "member", "new: no policy"),
    Break(addresses, "Deployment", "front", f"{API} env 1 value", "http://apis:8000", "nothing leads to apis:8000"),
    Break(addresses, "Deployment", "front", f"{API} env 1 value", "http://api.org", "nothing leads to api.org:80"),
    Break(addresses, "Deployment", "front", f"{API} env 1 value", "http://api", "front: api has no port 80"),
    Break(addresses, "StatefulSet", "api", f"{LABELS} network/serving", GONE, "network with mlflow"),
    Break(addresses, "Service", "postgres", "spec", {"type": "ExternalName"}, "nothing leads to postgres:5432"),
    Break(names, "StatefulSet", "api", f"{API} env 6 name", "MLFLOW_QUIET", "api/api: nothing reads MLFLOW_QUIET"),
    Break(names, "ConfigMap", "settings", "data MODEL_POLL", "2", "airflow-task/base: nothing reads MODEL_POLL"),
    Break(names, "ConfigMap", "airflow", "data AIRFLOW__CORE__NO_SUCH", "1", "nothing reads AIRFLOW__CORE__NO_SUCH"),
    Break(values, "ConfigMap", "settings", "data MODEL_POLL_SECONDS", "often", "api: model_poll_seconds"),
    Break(values, "ConfigMap", "settings", "data TRAINING_JOBS", "0", "airflow-task: training_jobs"),
    Break(values, "Job", "bucket", f"{API} env 0 value", "minio:9000", "bucket: mlflow_s3_endpoint_url"),
    Break(values, "StatefulSet", "api", URL, "postgres://$(MYSQL_API_PASSWORD)@x", "api: database_url"),
    Break(values, "StatefulSet", "api", URL, "mysql://$(PASSWORD)@x", "DATABASE_URL names a variable"),
)  # fmt: skip
