"""Pods of the tests' own beside the platform's: what is seen and asked from inside the cluster."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from k8s.commands.kubectl import ClusterError, kubectl

_UNPRIVILEGED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
_RESOURCES = {"requests": {"cpu": "50m", "memory": "48Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}}

Pod = dict[str, Any]


def pod(name: str, image: str, command: Sequence[str], labels: Mapping[str, str], user: int = 10001) -> Pod:
    """A pod that the namespace's Pod Security lets in; it runs once."""
    container = {
        "name": "test",
        "image": image,
        "command": list(command),
        "resources": _RESOURCES,
        "securityContext": _UNPRIVILEGED,
        "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],
    }
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "activeDeadlineSeconds": 900,
        "securityContext": {
            "runAsNonRoot": True, "runAsUser": user, "runAsGroup": user, "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "scratch", "emptyDir": {}}],
    }  # fmt: skip
    named = {"name": name, "labels": {"app.kubernetes.io/name": name, **labels}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": named, "spec": spec}


@contextmanager
def running(wanted: Pod, condition: str = "condition=Ready", seconds: int = 120) -> Iterator[str]:
    """The name of a pod that fulfils a condition, for the block.

    Raises:
        ClusterError: it does not in time; ends with what it said.
    """
    name = wanted["metadata"]["name"]
    remove(name)
    kubectl("create", "--filename=-", given=json.dumps(wanted))
    try:
        wait(name, condition, seconds)
        yield name
    finally:
        remove(name)


def wait(name: str, condition: str, seconds: int = 120) -> None:
    """Until a pod fulfils a condition.

    Raises:
        ClusterError: it does not in time; ends with what it said.
    """
    try:
        kubectl("wait", f"pod/{name}", f"--for={condition}", f"--timeout={seconds}s", timeout=seconds + 30)
    except ClusterError as error:
        raise ClusterError(f"{error}\n{kubectl('logs', name, '--tail=20')}") from error


def said(wanted: Pod) -> str:
    """What a pod prints until it has ended well."""
    with running(wanted, ENDED_WELL) as name:
        return kubectl("logs", name)


def remove(name: str) -> None:
    """Takes a pod away, if it is there."""
    kubectl("delete", f"pod/{name}", "--ignore-not-found", "--wait")


ENDED_WELL = "jsonpath={.status.phase}=Succeeded"
