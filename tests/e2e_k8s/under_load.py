"""A pod of the cluster that asks for predictions while something happens, and what became of its requests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from k8s.commands.kubectl import kubectl
from tests.e2e_k8s.cluster import secret, service_image
from tests.e2e_k8s.pods import ENDED_WELL, pod, running, wait
from tests.outside.answers import Outcome
from tests.outside.serving import ORIGINAL
from tests.outside.under_load import SCRIPT

_FLOWS = "/tmp/flows"


@contextmanager
def load(at_once: int, pause: float, keep: bool = False) -> Iterator[Outcome]:
    """Requests that flow for the block, `at_once` of them with pauses of so many seconds; what came of them after it.

    Unless connections are kept, each request has its own, so that the cluster's Service picks a pod for each.

    Raises:
        ClusterError: they do not begin to flow, or the pod does not end.
    """
    outcome = Outcome(f"load-{uuid4().hex[:8]}")
    options = {"host": "api", "port": 8000, "at_once": at_once, "pause": pause, "keep": keep, "flows": _FLOWS}
    given = json.dumps({**options, "key": secret("form", "FORM_API_KEY"), "name": outcome.name, "body": ORIGINAL})
    command = ["python", "-c", SCRIPT.read_text(encoding="utf-8"), given]
    asking = pod("load", service_image(), command, {"network/web": "member"})
    asking["spec"]["containers"][0]["readinessProbe"] = {
        "exec": {"command": ["test", "-f", _FLOWS]},
        "periodSeconds": 1,
    }
    with running(asking) as name:
        yield outcome
        kubectl("exec", name, "--", "sh", "-c", "kill -TERM 1")
        wait(name, ENDED_WELL, seconds=90)
        outcome.read(kubectl("logs", name).splitlines())
