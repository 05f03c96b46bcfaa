"""Calls of kubectl, in the platform's namespace of the current context's cluster."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KUBECTL = str(os.environ.get("KUBECTL") or ROOT / "var/kubectl/kubectl")
NAMESPACE = "readmission"
# Of the manager of what this platform applies, so that a person's own changes to other fields stay.
MANAGER = "readmission"
_FORWARD_SECONDS = 30


class ClusterError(Exception):
    """The cluster does not answer, or refuses; the message is kubectl's own."""


def kubectl(*arguments: str, given: str | bytes | None = None, timeout: int = 120) -> str:
    """What a call prints.

    Raises:
        ClusterError: it failed.
    """
    data = given.encode() if isinstance(given, str) else given
    command = (KUBECTL, "--namespace", NAMESPACE, *arguments)
    done = subprocess.run(command, input=data, capture_output=True, timeout=timeout)
    if done.returncode:
        raise ClusterError(done.stderr.decode(errors="replace").strip() or f"kubectl ended with {done.returncode}")
    return done.stdout.decode()


def objects(*kinds: str, selector: str = "") -> list[dict[str, Any]]:
    """The objects of some kinds in the namespace."""
    chosen = ("--selector", selector) if selector else ()
    found: list[dict[str, Any]] = json.loads(kubectl("get", ",".join(kinds), *chosen, "--output=json"))["items"]
    return found


def apply(manifests: str) -> None:
    """Makes the cluster hold these objects; what a person or an autoscaler set besides stays."""
    kubectl(
        "apply", "--server-side", "--force-conflicts", f"--field-manager={MANAGER}", "--filename=-", given=manifests
    )


@contextmanager
def forwarded(service: str, port: int, local: int = 0) -> Iterator[int]:
    """A port of this machine's loopback that leads to a service, for the block; any free one unless it is named.

    Raises:
        ClusterError: the service has no pod that is ready, or the port is taken.
    """
    command = (KUBECTL, "--namespace", NAMESPACE, "port-forward", f"service/{service}", f"{local or ''}:{port}")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise ClusterError(process.stderr.read().strip())
        yield int(line.split("->")[0].rsplit(":", 1)[1])
    finally:
        process.terminate()
        process.communicate()
