"""What the rules look at: the objects of an overlay by kind, the pods that they make, and the environment of each."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import yaml

from k8s.commands.manifests import task_pod, templates
from k8s.commands.secrets import SECRETS, contents
from tests.conftest import ROOT

Manifest = dict[str, Any]
Manifests = list[Manifest]
Rule = Callable[[Manifests], Iterator[str]]
NAME = "app.kubernetes.io/name"
# What a task's pod is called, and the one that holds the claim of the data set while a file is copied into it.
TASK, LOADER = "airflow-task", "dataset-loader"
_READ_FROM_ENV = {name for names in SECRETS.values() for name in names if not name.endswith(".json")}
_KEYS = {
    "FORM_COOKIE_SECRET": "of-form_cookie_secret" * 2,
    "MODEL_SIGNING_KEY": f"{'s' * 43}=",
    "MODEL_PUBLIC_KEYS": f"{'p' * 43}=",
}
SAMPLES = contents({name: f"of-{name.lower()}" for name in _READ_FROM_ENV} | _KEYS)
_USED = re.compile(r"\$\((\w+)\)")


class Pod(NamedTuple):
    """A pod that the manifests make; `owner` is its workload's name."""

    owner: str
    kind: str
    labels: dict[str, str]
    spec: dict[str, Any]

    @property
    def stays(self) -> bool:
        """Whether it serves until it is taken away."""
        return self.kind in ("Deployment", "StatefulSet")

    @property
    def containers(self) -> list[dict[str, Any]]:
        """Its containers, those that run first included."""
        return [*self.spec.get("initContainers", ()), *self.spec["containers"]]


def pods(manifests: Manifests) -> list[Pod]:
    """Every pod: of the workloads, of a task, and the one that copies the data set."""
    found = [
        Pod(one["metadata"]["name"], one["kind"], template["metadata"]["labels"], template["spec"])
        for one in manifests
        for template in templates(one)
    ]
    loader = yaml.safe_load((ROOT / "k8s/dataset/loader.yaml").read_text(encoding="utf-8"))
    bare = [pod for pod in (*map(task_pod, manifests), loader) if pod]
    return found + [Pod(one["metadata"]["labels"][NAME], "Pod", one["metadata"]["labels"], one["spec"]) for one in bare]


def of_kind(manifests: Manifests, kind: str) -> dict[str, Manifest]:
    """The objects of a kind, by name."""
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def environment(container: dict[str, Any], manifests: Manifests) -> dict[str, str]:
    """The variables of a container as Kubernetes resolves them, with sample secrets; what cannot be is left out."""
    maps, found = of_kind(manifests, "ConfigMap"), dict[str, str]()
    for source in container.get("envFrom", ()):
        found |= maps.get(source["configMapRef"]["name"], {}).get("data", {})
    for variable in container.get("env", ()):
        value = variable.get("value")
        if key := variable.get("valueFrom", {}).get("secretKeyRef"):
            value = SAMPLES.get(key["name"], {}).get(key["key"])
        elif key := variable.get("valueFrom", {}).get("configMapKeyRef"):
            value = maps.get(key["name"], {}).get("data", {}).get(key["key"])
        if value is not None:
            found[variable["name"]] = _USED.sub(lambda used: found.get(used[1], used[0]), value)
    return found


def variables_of(manifests: Manifests, owner: str) -> dict[str, str]:
    """The variables of a workload's first container."""
    (pod,) = (pod for pod in pods(manifests) if pod.owner == owner)
    return environment(pod.spec["containers"][0], manifests)


def stepping_stones(container: dict[str, Any]) -> set[str]:
    """The variables that are there for the values of others, as passwords are for addresses."""
    return {name for variable in container.get("env", ()) for name in _USED.findall(variable.get("value", ""))}
