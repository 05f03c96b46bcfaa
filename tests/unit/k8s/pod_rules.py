"""What every pod keeps to. A rule tells what breaks it, a line each."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from k8s.commands.images import BUILT
from tests.unit.k8s.objects import TASK, Manifests, of_kind, pods

# Pod Security's level "restricted" allows these volumes, and these fields with the values that the rules ask for.
VOLUMES = {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}
OF_A_POD = {"runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup", "fsGroupChangePolicy", "seccompProfile"}
OF_A_CONTAINER = {"allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"}
OF_THE_HOST = ("hostNetwork", "hostPID", "hostIPC", "hostAliases", "ephemeralContainers", "nodeName")
HAS_TOKEN = "airflow-scheduler"
_UNITS = {"": Decimal(1), "m": Decimal("0.001"), "Mi": Decimal(2**20), "Gi": Decimal(2**30)}


def restricted(manifests: Manifests) -> Iterator[str]:
    """Pod Security's level "restricted" as a whole, and root file systems that are only read."""
    for pod in pods(manifests):
        security = pod.spec.get("securityContext", {})
        yield from (f"{pod.owner}: {field}" for field in OF_THE_HOST if pod.spec.get(field))
        yield from (f"{pod.owner}: securityContext.{field}" for field in security.keys() - OF_A_POD)
        if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
            yield f"{pod.owner}: runs as root"
        if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{pod.owner}: seccompProfile is not RuntimeDefault"
        for volume in pod.spec.get("volumes", ()):
            yield from (f"{pod.owner}: a volume of kind {kind}" for kind in volume.keys() - VOLUMES - {"name"})
        for container in pod.containers:
            yield from (f"{pod.owner}/{container['name']}: {wrong}" for wrong in _privileges(container))


def _privileges(container: dict[str, Any]) -> Iterator[str]:
    security = container.get("securityContext", {})
    yield from (f"securityContext.{field}" for field in sorted(security.keys() - OF_A_CONTAINER))
    if security.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if security.get("readOnlyRootFilesystem") is not True:
        yield "readOnlyRootFilesystem is not true"
    if security.get("capabilities") != {"drop": ["ALL"]}:
        yield "capabilities are not all dropped"
    if any("hostPort" in port for port in container.get("ports", ())):
        yield "a hostPort"
    handlers = (container.get(name, {}).get("httpGet", {}) for name in _PROBES)
    if any("host" in handler for handler in handlers):
        yield "a probe of another host"


_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def namespace_is_restricted(manifests: Manifests) -> Iterator[str]:
    """The cluster refuses a pod that is not, too; and everything is in that namespace."""
    labels = of_kind(manifests, "Namespace")["readmission"]["metadata"]["labels"]
    yield from (f"{mode} is not restricted" for mode in _MODES if labels.get(f"{_LEVEL}/{mode}") != "restricted")
    for one in manifests:
        if one["kind"] != "Namespace" and one["metadata"].get("namespace") != "readmission":
            yield f"{one['kind']} {one['metadata']['name']}: is in no namespace, or in another"
        if (
            one["metadata"]["labels"].get("app.kubernetes.io/part-of", "") != "readmission"
            and one["kind"] != "Namespace"
        ):
            yield f"{one['kind']} {one['metadata']['name']}: make k8s-down would leave it there"


_LEVEL = "pod-security.kubernetes.io"
_MODES = ("enforce", "warn", "audit")


def images(manifests: Manifests) -> Iterator[str]:
    """An image of ours is one that is built, named when it is applied; others have a tag, and not `latest`."""
    for pod in pods(manifests):
        for image in (container["image"] for container in pod.containers):
            tag = re.search(r":([\w.-]+)(@sha256:[0-9a-f]{64})?$", image)
            if image not in BUILT and (not tag or tag[1] == "latest"):
                yield f"{pod.owner}: {image} has no tag that says which it is"


def resources(manifests: Manifests) -> Iterator[str]:
    """Every container asks for processor and memory and is limited in both."""
    for pod in pods(manifests):
        for container in pod.containers:
            asked, limits = (container.get("resources", {}).get(key, {}) for key in ("requests", "limits"))
            for kind in ("cpu", "memory"):
                if kind not in asked or kind not in limits:
                    yield f"{pod.owner}/{container['name']}: no request or no limit of {kind}"
                elif not 0 < quantity(asked[kind]) <= quantity(limits[kind]):
                    yield f"{pod.owner}/{container['name']}: asks for more {kind} than its limit"


def quantity(text: str) -> Decimal:
    """An amount of Kubernetes, as `500m` cores or `1Gi` bytes."""
    number, unit = re.fullmatch(r"([\d.]+)(\w*)", str(text)).groups()  # type: ignore[union-attr]
    return Decimal(number) * _UNITS[unit]


def probes(manifests: Manifests) -> Iterator[str]:
    """What stays says when it has started, when it can be asked and whether it lives."""
    for pod in (pod for pod in pods(manifests) if pod.stays):
        for container in pod.spec["containers"]:
            yield from (f"{pod.owner}: no {probe}" for probe in _PROBES if probe not in container)


def service_links(manifests: Manifests) -> Iterator[str]:
    """Kubernetes' own API_PORT, which is an address, is given to none: settings have such names."""
    yield from (
        f"{pod.owner}: enableServiceLinks" for pod in pods(manifests) if pod.spec.get("enableServiceLinks", True)
    )


def accounts(manifests: Manifests) -> Iterator[str]:
    """One ServiceAccount a workload, which no other has, and a token of the cluster's for the scheduler alone."""
    there, used = of_kind(manifests, "ServiceAccount"), set()
    for pod in pods(manifests):
        account = pod.spec.get("serviceAccountName", "default")
        used.add(account)
        if account != (pod.owner if pod.kind != "Pod" else TASK) or account not in there:
            yield f"{pod.owner}: its account is {account}"
        if pod.spec.get("automountServiceAccountToken") is not (pod.owner == HAS_TOKEN):
            yield f"{pod.owner}: token"
    yield from (f"account {name}: nobody's" for name in there.keys() - used)
    yield from (
        f"account {name}: token" for name, one in there.items() if one["automountServiceAccountToken"] is not False
    )


RULES = (restricted, namespace_is_restricted, images, resources, probes, service_links, accounts)
