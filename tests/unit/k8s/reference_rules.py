"""What an object names is there: configuration, claims, ports, pods behind selectors. A line for each that is not."""

from collections.abc import Iterator
from typing import Any

from k8s.commands.secrets import SECRETS
from tests.unit.k8s.objects import NAME, Manifest, Manifests, Pod, of_kind, pods

# `make k8s-up DATASET=FILE` makes it.
OPTIONAL = {"dataset"}
MAKES_PODS = "airflow-scheduler"


def configuration(manifests: Manifests) -> Iterator[str]:
    """Every ConfigMap and Secret that a pod names, and every key of them."""
    held = {name: set(one.get("data", {})) for name, one in of_kind(manifests, "ConfigMap").items()}
    for pod in pods(manifests):
        for kind, name, key, optional in named(pod):
            keys = (held if kind == "ConfigMap" else {secret: set(names) for secret, names in SECRETS.items()}).get(
                name
            )
            if keys is None and not (optional and name in OPTIONAL):
                yield f"{pod.owner}: {kind} {name} is not there"
            elif keys is not None and key and key not in keys:
                yield f"{pod.owner}: {kind} {name} has no {key}"


def named(pod: Pod) -> Iterator[tuple[str, str, str, bool]]:
    """The ConfigMaps and Secrets of a pod: kind, name, key where one is named, and whether it may be missing."""
    for container in pod.containers:
        for source in container.get("envFrom", ()):
            for field, one in source.items():
                yield _KINDS[field], one["name"], "", one.get("optional", False)
        for variable in container.get("env", ()):
            for field, one in variable.get("valueFrom", {}).items():
                yield _KINDS[field], one["name"], one["key"], one.get("optional", False)
    for volume in pod.spec.get("volumes", ()):
        for field in ("configMap", "secret"):
            for key in [""] * (field in volume) + [item["key"] for item in volume.get(field, {}).get("items", ())]:
                yield _KINDS[field], volume[field].get("name") or volume[field]["secretName"], key, False


_KINDS = {
    "configMapRef": "ConfigMap", "configMapKeyRef": "ConfigMap", "configMap": "ConfigMap",
    "secretRef": "Secret", "secretKeyRef": "Secret", "secret": "Secret",
}  # fmt: skip


def volumes(manifests: Manifests) -> Iterator[str]:
    """Every mount has a volume, every volume a mount, every claim is there."""
    claims = of_kind(manifests, "PersistentVolumeClaim")
    for pod in pods(manifests):
        made = of_kind(manifests, pod.kind).get(pod.owner, {}).get("spec", {}).get("volumeClaimTemplates", ())
        there = {one["name"] for one in pod.spec.get("volumes", ())} | {one["metadata"]["name"] for one in made}
        mounted = {mount["name"] for container in pod.containers for mount in container.get("volumeMounts", ())}
        yield from (f"{pod.owner}: volume {name} is mounted and not there, or not mounted" for name in there ^ mounted)
        for volume in pod.spec.get("volumes", ()):
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim and claim not in claims:
                yield f"{pod.owner}: claim {claim} is not there"


def ports(manifests: Manifests) -> Iterator[str]:
    """Every port of a Service, a probe and an Ingress is one of a container."""
    services = of_kind(manifests, "Service")
    for name, service in services.items():
        chosen = _chosen(pods(manifests), service["spec"].get("selector", {}))
        for port in service["spec"].get("ports", ()):
            if not chosen or any(port["targetPort"] not in _open(pod.containers) for pod in chosen):
                yield f"Service {name}: {port['targetPort']} is no port of its pods"
    for pod in pods(manifests):
        for container in pod.containers:
            asked = [container.get(probe, {}).get("httpGet", {}).get("port") for probe in _PROBES]
            yield from (f"{pod.owner}: probes {port}" for port in asked if port and port not in _open([container]))
    for name, ingress in of_kind(manifests, "Ingress").items():
        for path in (path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]):
            behind = path["backend"]["service"]
            there = services.get(behind["name"], {}).get("spec", {}).get("ports", ())
            if behind["port"]["name"] not in {port["name"] for port in there}:
                yield f"Ingress {name}: {behind['name']} has no port {behind['port']['name']}"


_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def _open(containers: list[dict[str, Any]]) -> set[str | int]:
    listed = [port for container in containers for port in container.get("ports", ())]
    return {name for port in listed for name in (port["containerPort"], port.get("name"))}


def selectors(manifests: Manifests) -> Iterator[str]:
    """A workload selects its own pods; a Service, a budget and a rule of spreading those of one workload."""
    found = pods(manifests)
    for one in manifests:
        name, spec = f"{one['kind']} {one['metadata']['name']}", one.get("spec", {})
        if one["kind"] in ("Deployment", "StatefulSet"):
            owners = {pod.owner for pod in _chosen(found, spec["selector"]["matchLabels"])}
            if owners != {one["metadata"]["name"]}:
                yield f"{name}: selects the pods of {sorted(owners)}"
        if one["kind"] in ("Service", "PodDisruptionBudget") and spec.get("type") != "ExternalName":
            chosen = spec["selector"].get("matchLabels", spec["selector"])
            if len({pod.owner for pod in _chosen(found, chosen)}) != 1:
                yield f"{name}: selects the pods of no workload, or of several"
    for pod in found:
        if pod.labels.get(NAME) != pod.owner:
            yield f"{pod.owner}: its pods are not named so"
        for spread in pod.spec.get("topologySpreadConstraints", ()):
            if not spread["labelSelector"]["matchLabels"].items() <= pod.labels.items():
                yield f"{pod.owner}: spreads other pods than its own"


def _chosen(found: list[Pod], wanted: dict[str, str]) -> list[Pod]:
    return [pod for pod in found if wanted and wanted.items() <= pod.labels.items()]


def targets(manifests: Manifests) -> Iterator[str]:
    """An autoscaler's target is there and counts no replicas itself; a StatefulSet's Service is there."""
    for name, scaler in of_kind(manifests, "HorizontalPodAutoscaler").items():
        target = of_kind(manifests, scaler["spec"]["scaleTargetRef"]["kind"]).get(
            scaler["spec"]["scaleTargetRef"]["name"]
        )
        if target is None or "replicas" in target["spec"]:
            yield f"autoscaler {name}: its target is not there, or has replicas of its own"
    for name, stateful in of_kind(manifests, "StatefulSet").items():
        if stateful["spec"]["serviceName"] not in of_kind(manifests, "Service"):
            yield f"StatefulSet {name}: its Service is not there"


def rights(manifests: Manifests) -> Iterator[str]:
    """Only the scheduler has rights in the cluster, in its namespace, over pods, their logs and events."""
    for one in manifests:
        name = f"{one['kind']} {one['metadata']['name']}"
        if one["kind"].startswith("ClusterRole"):
            yield f"{name}: reaches beyond the namespace"
        if one["kind"] == "RoleBinding":
            yield from _binding(name, one, manifests)
        if one["kind"] == "Role":
            given = {resource for rule in one["rules"] for resource in (*rule["resources"], *rule["verbs"])}
            yield from (f"{name}: {right}" for right in sorted(given - _RIGHTS))


_RIGHTS = {"pods", "pods/log", "events", "create", "get", "list", "watch", "patch", "delete"}


def _binding(name: str, one: Manifest, manifests: Manifests) -> Iterator[str]:
    if one["subjects"] != [{"kind": "ServiceAccount", "name": MAKES_PODS, "namespace": "readmission"}]:
        yield f"{name}: binds others than {MAKES_PODS}"
    if one["roleRef"]["kind"] != "Role" or one["roleRef"]["name"] not in of_kind(manifests, "Role"):
        yield f"{name}: its Role is not there"


RULES = (configuration, volumes, ports, selectors, targets, rights)
