"""What an image holds, asked of the image itself: Debian's packages of dpkg, Python's of the metadata beside them.

Where no Docker engine answers, or the image is not built, what it is built from is read in the lock.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# As in the images: markers of the lock are for every Python and machine.
_OF_THE_IMAGES = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux"}
_MACHINE = {"platform_system": "Linux", "os_name": "posix", "implementation_name": "cpython", "extra": ""}
_DEBIAN_FORMAT = "${Package}\\t${Version}\\t${Architecture}\\t${db:Status-Status}\\n"
# Every distribution that lies anywhere in the image, on a path of this Python or not: pip of a base image, too.
_PYTHON = """
import email, json, os
found = []
for folder, folders, files in os.walk("/"):
    folders[:] = [] if folder in ("/proc", "/sys", "/dev") else folders
    if folder.endswith(".dist-info") and "METADATA" in files:
        with open(os.path.join(folder, "METADATA"), encoding="utf-8", errors="replace") as file:
            told = email.message_from_file(file)
        found.append([told["Name"], told["Version"], told["License-Expression"] or told["License"] or ""])
print(json.dumps(found))
"""


class NotAskedError(Exception):
    """An image could not be asked what it holds; the text says why."""


@dataclass(frozen=True, order=True)
class Package:
    """A package of an image. `architecture` is Debian's; `license` is as its maker wrote it."""

    kind: Literal["deb", "pypi"]
    name: str
    version: str
    architecture: str = ""
    license: str = ""


@dataclass(frozen=True)
class Contents:
    """What an image holds, where that was found, and which image it is: the digest of what was asked, if one was."""

    packages: tuple[Package, ...]
    source: Literal["image", "lock"]
    identity: str = ""
    distribution: str = ""


def of_image(reference: str) -> Contents:
    """Asks the image; nothing of it is started but `dpkg-query`, `cat` and Python, without a network.

    Raises:
        NotAskedError: no engine answers, there is no such image, or it has no dpkg or no Python.
    """
    identity = _engine("image", "inspect", "--format", "{{.Id}}", reference).strip()
    released = dict(line.partition("=")[::2] for line in _run(identity, "cat", "/etc/os-release").splitlines())
    packages = {*debian(_run(identity, "dpkg-query", "-W", "-f", _DEBIAN_FORMAT))}
    packages |= {*python(_run(identity, "python", "-c", _PYTHON))}
    distribution = f"{released.get('ID', '')}-{released.get('VERSION_ID', '')}".replace('"', "").strip("-")
    return Contents(tuple(sorted(packages)), "image", identity, distribution)


def digest(reference: str) -> str:
    """The digest under which a registry gives an image that is here; its id where it came from none.

    Raises:
        NotAskedError: no engine answers, or the image is not here.
    """
    told = json.loads(_engine("image", "inspect", reference))[0]
    return str(next(iter(told.get("RepoDigests") or []), told["Id"])).rpartition("@")[2]


def debian(told: str) -> list[Package]:
    """The installed packages of what `dpkg-query` says: one that was removed has left its settings alone."""
    rows = [line.split("\t") for line in told.splitlines()]
    return [Package("deb", name, version, machine) for name, version, machine, state in rows if state == "installed"]


def python(told: str) -> list[Package]:
    """The distributions of what an image's Python says, with their licenses in a line."""
    return [
        Package("pypi", canonicalize_name(name), version, license=_in_a_line(license))
        for name, version, license in json.loads(told)
    ]


def _in_a_line(license: str) -> str:
    """A license's name or expression; its whole text, which some write there, is none."""
    return license.strip() if license.strip() and "\n" not in license.strip() and len(license) <= 100 else ""


def of_lock(requirements: Path | None) -> Contents:
    """What an image's slice of the lock installs on Linux; without the packages of its base."""
    text = requirements.read_text(encoding="utf-8") if requirements else ""
    lines = [line.rstrip("\\ ") for line in text.splitlines() if line and line[0] not in " #-"]
    found = [_pinned(Requirement(line)) for line in lines]
    return Contents(tuple(sorted(package for package in found if package)), "lock")


def _pinned(wanted: Requirement) -> Package | None:
    if wanted.marker is not None and not wanted.marker.evaluate(_OF_THE_IMAGES | _MACHINE):
        return None
    (version,) = (each.version for each in wanted.specifier)
    return Package("pypi", canonicalize_name(wanted.name), version)


def _run(identity: str, program: str, *arguments: str) -> str:
    return _engine("run", "--rm", "--network", "none", "--entrypoint", program, identity, *arguments)


def _engine(*arguments: str) -> str:
    command: Sequence[str] = ("docker", *arguments)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotAskedError("there is no program docker") from None
    if done.returncode:
        raise NotAskedError((done.stderr.strip().splitlines() or ["docker failed"])[-1][:200])
    return done.stdout
