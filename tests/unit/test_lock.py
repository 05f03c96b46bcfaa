"""The lock is what pyproject.toml asks for, and each slice is a part of it: else somebody forgot `make lock`."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ASKED = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
SLICES = re.findall(r"-c constraints.txt .* -o (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))


def pins(path: Path) -> dict[str, set[str]]:
    """The versions of each package in a lock: several where they depend on the Python or the platform."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)(?:\[.*\])?==([^\s;]+)", path.read_text(encoding="utf-8"), re.M):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


LOCK = pins(ROOT / "constraints.txt")


def test_the_lock_has_what_the_project_asks_for() -> None:
    asked = [requirement for line in ASKED if (requirement := Requirement(line)).name != PROJECT["name"]]
    wrong = [
        str(requirement)
        for requirement in asked
        if not (versions := LOCK.get(canonicalize_name(requirement.name)))
        or not all(requirement.specifier.contains(version, prereleases=True) for version in versions)
    ]
    assert len(asked) > 50
    assert wrong == [], "run make lock"


@pytest.mark.parametrize("path", SLICES)
def test_a_slice_has_the_versions_of_the_lock(path: str) -> None:
    own = pins(ROOT / path)
    apart = {name: versions for name, versions in own.items() if not versions <= LOCK.get(name, set())}
    assert own
    assert apart == {}, "run make lock"
