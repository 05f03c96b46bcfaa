"""The platform on a cluster: brought up, looked at, reached, used and taken down."""

import re
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import yaml

from k8s.commands import images as own_images
from k8s.commands import secrets
from k8s.commands.kubectl import NAMESPACE, ROOT, ClusterError, apply, context, kubectl, objects
from k8s.commands.manifests import as_text, images, marked, rendered, with_images
from k8s.commands.workloads import Workload, last_words, workloads

READY_SECONDS = 900
DATASET_FOLDER = "/opt/airflow/data/Diabetes"
_LOADER = ROOT / "k8s/dataset/loader.yaml"
# What a release may have that the next has not; claims, secrets and what Kubernetes makes by itself stay.
_OURS = (
    "deployments", "statefulsets", "jobs", "cronjobs", "services", "ingresses", "horizontalpodautoscalers",
    "poddisruptionbudgets", "networkpolicies", "configmaps", "rolebindings", "roles", "serviceaccounts",
)  # fmt: skip
# What of these a release of before had goes when it is replaced: two that serve would share one Service.
_SERVES = ("deployments", "statefulsets")

Tell = Callable[[str], None]


def up(overlay: str, registry: str, dataset: Path | None, tell: Tell) -> None:
    """Builds the images, brings them to the cluster, applies an overlay and waits until all of it is ready.

    Raises:
        ClusterError: something failed, or was not ready in time; says what, with the end of its log.
    """
    kubectl("version", "--output=json")
    tell(f"cluster: {context()}")
    tell("building images")
    own = own_images.build(registry)
    manifests = with_images(rendered(overlay), own_images.others(own))
    if registry:
        own_images.push(own.values())
    else:
        own_images.load(images(manifests), tell)
    for changed in secrets.write():
        tell(f"Secret {changed}: written")
    kubectl("delete", "job/bucket", "job/adopt", "job/migrate", "--ignore-not-found", "--wait")
    apply(as_text(marked(manifests, objects("secrets", "configmaps"))))
    if dataset is not None:
        copy_dataset(dataset, own["readmission-airflow"])
        tell(f"{dataset.name} is in the cluster: the DAG cargar_datos reads it")
    for one in (found for found in workloads() if not found.wanted):
        # The manifest of what an autoscaler scales says no number, and an autoscaler leaves what is at 0 alone.
        kubectl("scale", f"{one.kind.lower()}/{one.name}", "--replicas=1")
        tell(f"{one.name}: was scaled to 0, and has a pod again")
    wait(tell)
    prune(manifests, tell)


def prune(manifests: list[dict[str, Any]], tell: Tell) -> None:
    """Takes away what serves and is in no manifest any more; its claims stay."""
    wanted = {(one["kind"], one["metadata"]["name"]) for one in manifests}
    for kind, name in left_over(wanted, objects(*_SERVES, selector=f"app.kubernetes.io/part-of={NAMESPACE}")):
        kubectl("delete", f"{kind.lower()}/{name}", "--wait")
        tell(f"{kind} {name}: is no part of this release, and is gone")


def left_over(wanted: set[tuple[str, str]], there: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Kind and name of what is there and not wanted."""
    return sorted({(one["kind"], one["metadata"]["name"]) for one in there} - wanted)


def wait(tell: Tell, seconds: float = READY_SECONDS) -> None:
    """Waits until every workload is ready, and tells of each change.

    Raises:
        ClusterError: one is not in time.
    """
    begun, shown = monotonic(), dict[str, str]()
    while waiting := [one for one in _told(workloads(), shown, begun, tell) if not one.is_ready]:
        if monotonic() - begun > seconds:
            names = ", ".join(f"{one.name} ({one.state})" for one in waiting)
            raise ClusterError(f"not ready after {seconds:.0f} s: {names}\n{last_words(waiting[0])}")
        sleep(1)


def copy_dataset(file: Path, image: str) -> None:
    """Copies a file of encounters into the claim that tasks read it from; it takes its name there when it is whole.

    Raises:
        ClusterError: the file's name holds what no path should, or the cluster refuses.
    """
    if not re.fullmatch(r"[\w.-]+", file.name):
        raise ClusterError(f"{file.name!r}: rename the file to letters, digits and _ . - alone")
    pod = yaml.safe_load(_LOADER.read_text(encoding="utf-8"))
    pod["spec"]["containers"][0]["image"] = image
    name = pod["metadata"]["name"]
    kubectl("delete", f"pod/{name}", "--ignore-not-found", "--wait")
    apply(yaml.safe_dump(pod))
    try:
        kubectl("wait", f"pod/{name}", "--for=condition=Ready", "--timeout=180s", timeout=200)
        target = f"{DATASET_FOLDER}/{file.name}"
        script = f"cat > {target}.part && mv {target}.part {target}"
        kubectl("exec", "--stdin", name, "--", "sh", "-c", script, given=file.read_bytes(), timeout=600)
    finally:
        kubectl("delete", f"pod/{name}", "--ignore-not-found", "--wait=false")
    # Without the label of what `down` takes: it goes with the file.
    metadata = {"name": "dataset", "namespace": NAMESPACE}
    source = {"DATASET_SOURCE": target}
    apply(yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": source}))


def down(purge: bool) -> None:
    """Takes the platform down; its data and secrets stay, unless they are purged with the namespace.

    Raises:
        ClusterError: the cluster refuses.
    """
    if purge:
        ours = (f"--selector=app.kubernetes.io/part-of={NAMESPACE}", f"--field-selector=metadata.name={NAMESPACE}")
        kubectl("delete", "namespaces", *ours, "--ignore-not-found", "--wait", timeout=600)
        if kubectl("get", "namespaces", f"--field-selector=metadata.name={NAMESPACE}", "--output=name"):
            raise ClusterError(
                f"the namespace {NAMESPACE} is not this platform's, whose label it lacks: nothing is gone"
            )
        return
    chosen = f"--selector=app.kubernetes.io/part-of={NAMESPACE}"
    kubectl("delete", ",".join(_OURS), chosen, "--wait", "--ignore-not-found", timeout=600)
    kubectl("delete", "pods", "--all", "--wait", "--ignore-not-found", timeout=600)


def _told(found: list[Workload], shown: dict[str, str], begun: float, tell: Tell) -> list[Workload]:
    for one in found:
        if shown.get(one.name) != one.state:
            shown[one.name] = one.state
            tell(f"{monotonic() - begun:5.0f} s  {one.name}: {one.state}")
    return found
