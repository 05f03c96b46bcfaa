"""What runs of the platform in the cluster: each workload, how many of its pods are ready, and why not."""

from dataclasses import dataclass
from typing import Any

from k8s.commands.kubectl import ClusterError, kubectl, objects

KINDS = ("deployments", "statefulsets", "jobs")
_LOG_LINES = 12


@dataclass(frozen=True)
class Workload:
    """A Deployment, StatefulSet or Job; `problem` is what keeps a pod of it from being ready, where that is known."""

    kind: str
    name: str
    wanted: int
    ready: int
    problem: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether it does all that it should; what somebody scaled to nothing does none of it."""
        return self.ready >= self.wanted > 0

    @property
    def state(self) -> str:
        """In a word or two, for people."""
        if self.kind == "Job":
            return "done" if self.is_ready else self.problem or "running"
        if not self.wanted:
            return "scaled to 0: nothing of it runs; `make k8s-up` gives it a pod"
        return f"{self.ready}/{self.wanted} ready" + (f", {self.problem}" if self.problem and not self.is_ready else "")


def workloads() -> list[Workload]:
    """Every workload, in the order of their names; pods of an earlier configuration do not count."""
    pods = objects("pods")
    return sorted(
        (_workload(one, pods) for one in objects(*KINDS) if not _of_a_schedule(one)), key=lambda one: one.name
    )


def last_words(workload: Workload) -> str:
    """The end of the log of what is not ready of a workload, and its last events."""
    selector = f"app.kubernetes.io/name={workload.name}"
    said = []
    for pod in objects("pods", selector=selector):
        name = pod["metadata"]["name"]
        for previous in ((), ("--previous",)):
            try:
                said.append(kubectl("logs", name, "--all-containers", f"--tail={_LOG_LINES}", "--prefix", *previous))
            except ClusterError:
                continue  # there is no such log
    said.append(kubectl("get", "events", "--sort-by=.lastTimestamp", "--field-selector=type=Warning"))
    return "\n".join(said)


def _workload(one: dict[str, Any], pods: list[dict[str, Any]]) -> Workload:
    kind, name, spec, status = one["kind"], one["metadata"]["name"], one["spec"], one.get("status", {})
    problem = _problem([pod for pod in pods if _belongs(pod, spec)])
    if kind == "Job":
        return Workload(kind, name, spec.get("completions", 1), status.get("succeeded", 0), problem)
    wanted = spec.get("replicas", 1)
    seen = status.get("observedGeneration", 0) >= one["metadata"]["generation"]
    updated = min(status.get("updatedReplicas", 0), status.get("readyReplicas", 0))
    rolled = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    return Workload(kind, name, wanted, updated if seen and rolled else min(updated, wanted - 1), problem)


def _belongs(pod: dict[str, Any], spec: dict[str, Any]) -> bool:
    wanted = spec.get("selector", {}).get("matchLabels", {})
    return bool(wanted) and wanted.items() <= pod["metadata"].get("labels", {}).items()


def _of_a_schedule(one: dict[str, Any]) -> bool:
    return any(owner["kind"] == "CronJob" for owner in one["metadata"].get("ownerReferences", ()))


def _problem(pods: list[dict[str, Any]]) -> str:
    """The first reason, of Kubernetes' words, for which a pod waits or was ended."""
    for pod in pods:
        status = pod.get("status", {})
        for condition in status.get("conditions", ()):
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                return str(condition.get("message", condition.get("reason", "not scheduled")))
        for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
            waiting = container["state"].get("waiting", {})
            if waiting.get("reason") not in (None, "PodInitializing", "ContainerCreating"):
                return f"{container['name']}: {waiting['reason']}"
    return ""
