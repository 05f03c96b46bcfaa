"""What waits in the journals of the prediction service's pods: predictions that are not in the table yet."""

import json
from dataclasses import dataclass
from typing import Any

from k8s.commands.kubectl import ClusterError, kubectl, objects

SERVICE = "app.kubernetes.io/name=api"
CLAIM = "state-"
# In the pod: the networks let nobody ask it from outside.
_ASK = """
import sys, urllib.request
asked = urllib.request.build_opener(urllib.request.ProxyHandler({}))
sys.stdout.write(asked.open("http://127.0.0.1:8000/health", timeout=10).read().decode())
"""


@dataclass(frozen=True)
class Journal:
    """The journal of one pod, as the pod tells it."""

    pod: str
    waiting: int
    problems: tuple[str, ...]

    @property
    def told(self) -> str:
        """In a line, for people."""
        why = f" ({' '.join(self.problems)})" if self.problems else ""
        return f"{self.pod}: {self.waiting:,} predictions wait in its journal{why}"


def waiting() -> list[str]:
    """A line for each journal that holds rows, and for each that is left in the claim of a pod that is not there."""
    pods, claims = objects("pods", selector=SERVICE), objects("persistentvolumeclaims")
    asked = (_asked(pod["metadata"]["name"]) for pod in pods if _runs(pod))
    return [one.told for one in asked if one and one.waiting] + without_a_pod(pods, claims)


def without_a_pod(pods: list[dict[str, Any]], claims: list[dict[str, Any]]) -> list[str]:
    """A line for each claim of the service whose pod the autoscaler, or a person, took away."""
    there = {f"{CLAIM}{pod['metadata']['name']}" for pod in pods}
    names = sorted(claim["metadata"]["name"] for claim in claims)
    return [
        f"{name}: its pod is not there; what its journal may hold comes to the table when it is back"
        for name in names
        if name.startswith(f"{CLAIM}api-") and name not in there
    ]


def told_by(pod: str, health: str) -> Journal:
    """What a pod's health says of its journal."""
    found = json.loads(health)
    return Journal(pod, int(found.get("waiting", 0)), tuple(found.get("problems", ())))


def _asked(pod: str) -> Journal | None:
    try:
        return told_by(pod, kubectl("exec", pod, "--", "python", "-c", _ASK, timeout=30))
    except ClusterError:
        return None  # its state says that it is not ready, and why


def _runs(pod: dict[str, Any]) -> bool:
    return bool(pod.get("status", {}).get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"])
