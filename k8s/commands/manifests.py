"""The manifests as they are applied: an overlay rendered, images named, and marks that roll what has changed."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from k8s.commands.kubectl import ROOT, ClusterError, kubectl

OVERLAYS = ROOT / "k8s/overlays"
# On a pod's template: what its configuration was made of, so that a pod with another one is made anew.
MARK = "readmission/configuration"
# In the ConfigMap of this name Airflow finds the pod that each task is given.
TASK_POD = ("airflow-files", "task-pod.yaml")

Manifest = dict[str, Any]


def rendered(overlay: str) -> list[Manifest]:
    """The objects of an overlay; files that Compose uses too lie outside its folder.

    Raises:
        ClusterError: it cannot be rendered.
    """
    folder = Path(overlay) if "/" in overlay else OVERLAYS / overlay
    if not folder.is_dir():
        known = ", ".join(sorted(one.name for one in OVERLAYS.iterdir()))
        raise ClusterError(f"there is no overlay {overlay!r}: name one of {known}, or the path of another")
    text = kubectl("kustomize", "--load-restrictor=LoadRestrictionsNone", str(folder))
    return [one for one in yaml.safe_load_all(text) if one]


def with_images(manifests: list[Manifest], images: Mapping[str, str]) -> list[Manifest]:
    """The objects with each image of the mapping, by its name without a tag, under its full name, in tasks too."""
    for manifest in manifests:
        if task := task_pod(manifest):
            _name_images(task, images)
            manifest["data"][TASK_POD[1]] = yaml.safe_dump(task, sort_keys=False)
        for pod in pod_specs(manifest):
            _name_images({"spec": pod}, images)
    return manifests


def task_pod(manifest: Manifest) -> Manifest | None:
    """The pod of a task, if this is the ConfigMap that holds it."""
    if (manifest["kind"], manifest["metadata"]["name"]) != ("ConfigMap", TASK_POD[0]):
        return None
    pod: Manifest = yaml.safe_load(manifest["data"][TASK_POD[1]])
    return pod


def templates(manifest: Manifest) -> Iterator[Manifest]:
    """The templates of the pods that an object makes."""
    spec = manifest.get("spec") or {}
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    if manifest["kind"] in ("Deployment", "StatefulSet", "Job", "CronJob"):
        yield spec["template"]


def pod_specs(manifest: Manifest) -> Iterator[Manifest]:
    """The specs of the pods that an object makes, or is."""
    if manifest["kind"] == "Pod":
        yield manifest["spec"]
    for template in templates(manifest):
        yield template["spec"]


def containers(pod: Manifest) -> list[Manifest]:
    """A pod's containers, those that run first included."""
    return [*pod.get("initContainers", ()), *pod["containers"]]


def images(manifests: list[Manifest]) -> set[str]:
    """Every image that the objects name, that of the tasks' pods included."""
    tasks = [task for task in map(task_pod, manifests) if task]
    specs = [pod for one in (*manifests, *tasks) for pod in pod_specs(one)]
    return {container["image"] for pod in specs for container in containers(pod)}


def references(pod: Manifest) -> set[tuple[str, str]]:
    """The ConfigMaps and Secrets that a pod reads, each with its kind."""
    found = set()
    for container in containers(pod):
        for source in container.get("envFrom", ()):
            found |= {(kind, source[key]["name"]) for key, kind in _SOURCES.items() if key in source}
        for variable in container.get("env", ()):
            value = variable.get("valueFrom", {})
            found |= {(kind, value[key]["name"]) for key, kind in _KEYS.items() if key in value}
    for volume in pod.get("volumes", ()):
        if "configMap" in volume:
            found.add(("ConfigMap", volume["configMap"]["name"]))
        if "secret" in volume:
            found.add(("Secret", volume["secret"]["secretName"]))
    return found


_SOURCES = {"configMapRef": "ConfigMap", "secretRef": "Secret"}
_KEYS = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}


def marked(manifests: list[Manifest], there: list[Manifest]) -> list[Manifest]:
    """The objects, each pod's template marked with what its ConfigMaps and Secrets hold; `there` are the cluster's."""
    held = {(one["kind"], one["metadata"]["name"]): one.get("data") for one in (*there, *manifests)}
    for manifest in manifests:
        for template in templates(manifest):
            read = {"/".join(name): held.get(name) for name in references(template["spec"])}
            digest = hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()
            template["metadata"].setdefault("annotations", {})[MARK] = digest[:16]
    return manifests


def as_text(manifests: list[Manifest]) -> str:
    """The objects as kubectl takes them."""
    return yaml.safe_dump_all(manifests, sort_keys=False)


def _name_images(pod: Manifest, images: Mapping[str, str]) -> None:
    for container in containers(pod["spec"]):
        container["image"] = images.get(bare(container["image"]), container["image"])


def bare(image: str) -> str:
    """An image's name without tag and digest."""
    name = image.partition("@")[0]
    head, separator, tail = name.rpartition(":")
    return head if separator and "/" not in tail else name
