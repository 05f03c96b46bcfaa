"""Shows what answers in Docker: each published address is asked from outside, the rest has Docker's own health checks.

Runs with the standard library alone, under any Python 3, in the folder of the compose file.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from connections import kept_backups, readiness
from connections.addresses import EVERY_ADDRESS

# Where a service says that it works, by the port that it has in its container; others are only connected to.
HEALTH = {5000: "/health", 8000: "/health/live", 8080: "/api/v2/monitor/health", 8501: "/_stcore/health"}
# The port of the prediction service, which says what it does without.
SAYS = 8000
# Speaks TLS for others, under their ports; its own health check speaks it too.
EDGE = "edge"
ANSWERS, DONE, STARTING, LACKS, SILENT = "answers", "done", "starting", "is not well", "does not answer"
# Docker's words for a container that does not run, in a person's; others are told as they are.
_WORDS = {
    "paused": "paused: `docker compose unpause` lets it go on",
    "restarting": "ended and is started again",
    "created": "not started",
}
_GOOD = (ANSWERS, DONE)
_ANSWER_SECONDS = 5
# Longer than a health check takes, see compose/health.sh.
_CHECK_SECONDS = 30


class Status(NamedTuple):
    """One service or job: the state it is in, its address, and what it says that it does without."""

    service: str
    state: str
    address: str = ""
    remark: str = ""


def compose(*arguments: str) -> str:
    """What a `docker compose` command prints; ends the program when it fails, which has said why."""
    done = subprocess.run(("docker", "compose", *arguments), stdout=subprocess.PIPE, text=True)
    return done.stdout if done.returncode == 0 else sys.exit(done.returncode)


def parsed(listed: str) -> list[dict[str, Any]]:
    """The containers, of which some releases of Compose print one a line and others a list."""
    found = json.loads(f"[{','.join(listed.splitlines())}]") if listed.strip() else []
    return found[0] if found and isinstance(found[0], list) else found


def statuses(declared: dict[str, dict[str, Any]], containers: list[dict[str, Any]]) -> list[Status]:
    """Each container's state, and each declared service that has no container."""

    def found_out(one: dict[str, Any]) -> Status:
        return examined(status(one, declared.get(one["Service"], {}).get("restart") == "no"), one)

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(found_out, containers))
    missing = declared.keys() - {one.service for one in found}
    return sorted([*found, *(Status(name, "not created") for name in missing)])


def status(container: dict[str, Any], is_job: bool) -> Status:
    """A container's state: what its address says, where it has one, and what Docker knows otherwise."""
    name = container["Service"]
    if container["State"] == "exited" and is_job and container["ExitCode"] == 0:
        return Status(name, DONE)
    if container["State"] != "running":
        return Status(name, _WORDS.get(container["State"], f"{container['State']} ({container['ExitCode']})"))
    places = {(p["URL"] or "127.0.0.1", p["PublishedPort"], p["TargetPort"]) for p in container["Publishers"] or ()}
    published = sorted(place for place in places if place[1] and ":" not in place[0])
    address = " ".join(f"{host}:{port}" for host, port, _ in published)
    if container["Health"] == "starting":
        return Status(name, STARTING, address)
    asked = [(EVERY_ADDRESS.get(host, host), port, inner if name != EDGE else 0) for host, port, inner in published]
    if not (container["Health"] in ("healthy", "") and all(answers(*place) for place in asked)):
        return Status(name, SILENT, address)
    return Status(name, ANSWERS, address, _remarks(asked))


def examined(one: Status, container: dict[str, Any]) -> Status:
    """The same, with what the container's health check says now: Docker waits for several before it thinks anything."""
    if container["State"] != "running" or container["Health"] not in ("healthy", "unhealthy"):
        return one
    said = wrong(container["ID"])
    return one if said is None else one._replace(state=LACKS if said else SILENT, remark=said or one.remark)


def wrong(container: str) -> str | None:
    """What a container's own health check says is wrong, if it says anything; None where all is well."""
    command = docker("inspect", "--format", "{{json .Config.Healthcheck.Test}}", container)
    if command.returncode:
        return ""
    check = docker("exec", "--env", "HEALTH_LOG=/dev/null", container, *json.loads(command.stdout)[1:])
    return " ".join(check.stdout.split()) if check.returncode else None


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What a `docker` command gives; fails with no words where it does not end."""
    try:
        return subprocess.run(("docker", *arguments), capture_output=True, text=True, timeout=_CHECK_SECONDS)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(arguments, 1, "", "")


def _remarks(asked: list[tuple[str, int, int]]) -> str:
    return " ".join(readiness.remark(f"http://{host}:{port}") for host, port, inner in asked if inner == SAYS)


def answers(host: str, port: int, inner: int) -> bool:
    """Whether a published port answers; past proxies, since it is this machine's."""
    try:
        if inner not in HEALTH:
            socket.create_connection((host, port), _ANSWER_SECONDS).close()
            return True
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{host}:{port}{HEALTH[inner]}", timeout=_ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):  # nobody, or somebody who speaks no HTTP
        return False


def main(folder: str = "backups", hours: int = 0) -> int:
    """Returns 1 unless everything that should run does, and no backup failed or is late."""
    declared = json.loads(compose("config", "--format", "json"))["services"]
    found = statuses(declared, parsed(compose("ps", "--all", "--format", "json")))
    for one in found:
        sys.stdout.write(f"  {one.service:<24} {one.state:<16} {one.address}\n")
        if one.remark:
            sys.stdout.write(f"  {one.service:<24} {one.remark}\n")
    wrong = kept_backups.problem(Path(folder), "docker", hours)
    if wrong:
        sys.stdout.write(f"  {wrong}\n")
    return 0 if all(one.state in _GOOD for one in found) and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])) if len(sys.argv) > 2 else main())
