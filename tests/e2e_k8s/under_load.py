"""A pod of the cluster that asks for predictions while something happens, and what became of its requests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from k8s.commands.kubectl import kubectl
from tests.e2e_k8s.cluster import image
from tests.e2e_k8s.pods import ENDED_WELL, pod, running, wait
from tests.outside.serving import ORIGINAL

_SCRIPT = (Path(__file__).parent / "load.py").read_text(encoding="utf-8")
_FLOWS = {"exec": {"command": ["test", "-f", "/tmp/flows"]}, "periodSeconds": 1}


@dataclass
class Outcome:
    """Ids of predictions that were answered; connections that no pod took, and requests that broke after those."""

    answered: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


@contextmanager
def load(at_once: int, pause: float) -> Iterator[Outcome]:
    """Requests that flow for the block, `at_once` of them with pauses of so many seconds; what came of them after it.

    Raises:
        ClusterError: they do not begin to flow, or the pod does not end.
    """
    outcome = Outcome()
    command = ["python", "-c", _SCRIPT, str(at_once), str(pause), json.dumps(ORIGINAL)]
    asking = pod("load", image("api"), command, {"network/web": "member"})
    asking["spec"]["containers"][0]["readinessProbe"] = _FLOWS
    with running(asking) as name:
        yield outcome
        kubectl("exec", name, "--", "sh", "-c", "kill -TERM 1")
        wait(name, ENDED_WELL, seconds=90)
        outcome.__dict__.update(json.loads(kubectl("logs", name)))
