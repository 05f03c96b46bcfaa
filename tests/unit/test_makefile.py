"""Every target of the Makefile explains itself, and the environment is made anew where the clone has moved."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^\.PHONY: (.+)$", MAKEFILE, flags=re.MULTILINE))


def test_help_lists_every_target() -> None:
    told = subprocess.run(("make", "-s", "help"), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = set(re.findall(r"^  make ([a-z0-9-]+) +\S", told, flags=re.MULTILINE))
    assert listed >= TARGETS


def test_the_promised_targets_exist() -> None:
    promised = "demo down status logs doctor env help test lint lock demo-check"
    assert set(promised.split()) <= TARGETS


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose environment was made where it is."""
    folder = tmp_path / "clone"
    (folder / ".venv/bin").mkdir(parents=True)
    for name in ("Makefile", "compose.mk", "k8s.mk", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv/bin/readmission").write_text(f"#!{folder}/.venv/bin/python\n", encoding="utf-8")
    (folder / ".venv/bin/python").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / ".venv/.installed").touch()
    return folder


def _would_run(clone: Path) -> str:
    command = ("make", "--dry-run", "install")
    return subprocess.run(command, cwd=clone, capture_output=True, text=True, check=True).stdout


def test_an_environment_that_is_where_it_was_made_is_kept(clone: Path) -> None:
    assert "pip sync" not in _would_run(clone)


def test_an_environment_of_another_folder_is_made_anew(clone: Path) -> None:
    told = _would_run(clone.rename(clone.with_name("moved")))
    assert "rm -rf .venv" in told and "pip sync" in told


def test_a_copy_of_a_clone_makes_an_environment_of_its_own(clone: Path) -> None:
    copy = shutil.copytree(clone, clone.with_name("copy"))
    assert "rm -rf .venv" in _would_run(copy)
    assert "rm -rf" not in _would_run(clone)


def test_down_says_what_to_do_when_the_environment_is_gone_under_running_services(tmp_path: Path) -> None:
    (tmp_path / "var/run").mkdir(parents=True)
    command = (str(ROOT / "scripts/embedded.sh"), ".venv/bin/python", "down")
    assert subprocess.run(command, cwd=tmp_path).returncode == 0
    (tmp_path / "var/run/supervisord.json").touch()
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 1 and "make install" in told.stderr
