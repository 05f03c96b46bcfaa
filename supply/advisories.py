"""Known vulnerabilities of the locked packages, asked for by pip-audit at an advisory service (OSV's interface)."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from supply.findings import Finding, NotChecked
from supply.programs import program

# The lock, and what is installed outside of it.
LOCKS = ("constraints.txt", "k8s/requirements_kubectl.txt")
# Vulnerable since 2018. A service that knows nothing of it does not know of advisories, whatever it answers.
CANARY = ("requests", "2.19.1")
_PIN = re.compile(r"^([\w.-]+)(?:\[.*?\])?==([^\s;\\]+)", re.M)
Pin = tuple[str, str]


def pins(lock: Path) -> set[Pin]:
    """Name and version of each package in a lock, for whatever Python and machine it is meant."""
    return {(canonicalize_name(name), version) for name, version in _PIN.findall(lock.read_text(encoding="utf-8"))}


def check_advisories(root: Path, url: str = "") -> list[Finding]:
    """The advisories on packages of the lock, by the first of their identifiers.

    `url` is where a service with OSV's interface answers; without it the public one is asked.

    Raises:
        NotChecked: no service answers, what answers has no advisories, or it was not asked about every package.
    """
    if not _ask({CANARY[0]: CANARY[1]}, url):
        raise NotChecked(f"advisory service unreachable: what answers knows no advisory on {'=='.join(CANARY)}")
    locked = set().union(*(pins(root / name) for name in LOCKS))
    return [finding for part in _parts(locked) for finding in _ask(part, url)]


def _parts(locked: Iterable[Pin]) -> list[dict[str, str]]:
    """The pins in parts with one version of each package, since pip-audit takes no more."""
    parts: list[dict[str, str]] = []
    for name, version in sorted(locked):
        free = next((part for part in parts if name not in part), None)
        if free is None:
            parts.append(free := {})
        free[name] = version
    return parts


def _ask(asked: dict[str, str], url: str) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requirements.txt"
        path.write_text("".join(f"{name}=={version}\n" for name, version in asked.items()), encoding="utf-8")
        command = [program("pip-audit"), "--vulnerability-service", "osv", *(("--osv-url", url) if url else ())]
        command += ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "-r", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        answers = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = done.stderr.strip().rpartition("\n")[2]
        raise NotChecked(f"advisory service unreachable: {last[:300]}") from None
    if missed := asked.keys() - {canonicalize_name(one["name"]) for one in answers if "vulns" in one}:
        raise NotChecked(f"advisory service gave no answer on {', '.join(sorted(missed))}")
    return [finding for one in answers for finding in _findings(one)]


def _findings(answer: dict[str, Any]) -> Iterable[Finding]:
    for one in answer["vulns"]:
        names = sorted({one["id"], *one["aliases"]} - {one["id"]})
        fixed = ", ".join(one["fix_versions"]) or "no version yet"
        text = f"{answer['version']} ({', '.join(names)}); repaired in {fixed}"
        yield Finding("advisories", one["id"], answer["name"], text)
