"""Calls of kubectl, in the platform's namespace of the current context's cluster."""

import json
import os
import re
import subprocess
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, Any

ROOT = Path(__file__).parents[2]
KUBECTL = str(os.environ.get("KUBECTL") or ROOT / "var/kubectl/kubectl")
NAMESPACE = "readmission"
# Of the manager of what this platform applies, so that a person's own changes to other fields stay.
MANAGER = "readmission"
_LOG_LINE = re.compile(r"[EWI]\d{4} ")


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
        raise ClusterError(_said(done.stderr.decode(errors="replace")) or f"kubectl ended with {done.returncode}")
    return done.stdout.decode()


def _said(text: str) -> str:
    """What kubectl says to a person: without the lines of its library's log, which repeat it."""
    return "\n".join(line for line in text.splitlines() if not _LOG_LINE.match(line)).strip()


def context() -> str:
    """The name of kubectl's current context, which says which cluster it is.

    Raises:
        ClusterError: there is none.
    """
    return kubectl("config", "current-context").strip()


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
    way = Way(service, port, local)
    try:
        yield way.local
    finally:
        way.close()


class Way:
    """A port of this machine's loopback that leads to a pod of a service, until it is closed or the pod ends."""

    def __init__(self, service: str, port: int, local: int = 0) -> None:
        """Opens it, from any free port unless one is named.

        Raises:
            ClusterError: the service has no pod that is ready, or the port is taken.
        """
        command = (KUBECTL, "--namespace", NAMESPACE, "port-forward", f"service/{service}", f"{local or ''}:{port}")
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self._process.stdout is not None and self._process.stderr is not None
        line = self._process.stdout.readline()
        if not line:
            raise ClusterError(self._process.communicate()[1].strip())
        self.local = int(line.split("->")[0].rsplit(":", 1)[1])
        # It writes a line a connection, and would wait for who reads them.
        streams = (self._process.stdout, self._process.stderr)
        self._readers = [Thread(target=_read_away, args=(stream,), daemon=True) for stream in streams]
        for reader in self._readers:
            reader.start()

    @property
    def is_open(self) -> bool:
        """Whether it leads to the pod still."""
        return self._process.poll() is None

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait()
        for reader in self._readers:
            reader.join()


def _read_away(stream: IO[str]) -> None:
    with stream:
        deque(stream, 0)
