"""Whose the containers of a project are: this clone's, or those of another that has the same name."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from compose import clone
from tests.conftest import ROOT

Clone = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path) -> Clone:
    """Makes clones, with a project's name in `.env` if one is given."""

    def make(name: str, env: str = "") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "docker-compose.yml").touch()
        (folder / ".env").write_text(env, encoding="utf-8")
        return folder

    return make


@pytest.mark.parametrize(
    ("written", "shell", "found"),
    [
        ("", {}, "readmission"),
        ("#COMPOSE_PROJECT_NAME=readmission\n", {}, "readmission"),
        ("COMPOSE_PROJECT_NAME=\n", {}, "readmission"),
        ("A=1\nCOMPOSE_PROJECT_NAME='mine'  # of the ward\n", {}, "mine"),
        ("COMPOSE_PROJECT_NAME=first\nCOMPOSE_PROJECT_NAME=last\n", {}, "last"),
        ("COMPOSE_PROJECT_NAME=mine\n", {"COMPOSE_PROJECT_NAME": "shells"}, "shells"),
    ],
)
def test_the_project_is_found_as_compose_finds_it(made: Clone, written: str, shell: dict[str, str], found: str) -> None:
    assert clone.project_of(made("a", written), shell) == found


def test_another_clone_of_the_same_name_is_a_stranger_and_this_one_is_not(made: Clone) -> None:
    here, other = made("here"), made("other")
    found = [clone.Container("mine", "running", here), clone.Container("theirs", "running", other)]
    assert [one.name for one in clone.strangers(found, here, "readmission")] == ["theirs"]
    assert str(other) in clone.refusal(found[1:], "readmission")


def test_what_was_started_before_the_clone_moved_is_its_own(made: Clone, tmp_path: Path) -> None:
    here = made("here", "COMPOSE_PROJECT_NAME=readmission-abc123\n")
    anew = made("anew", "COMPOSE_PROJECT_NAME=readmission-fffff0\n")  # where it was, there is another by now
    found = [clone.Container("a", "running", tmp_path / "gone"), clone.Container("b", "running", anew)]
    assert clone.strangers(found, here, "readmission-abc123") == []


def test_a_link_to_this_clone_is_this_clone(made: Clone, tmp_path: Path) -> None:
    here = made("here")
    (tmp_path / "link").symlink_to(here)
    assert clone.strangers([clone.Container("mine", "running", tmp_path / "link")], here, "readmission") == []


@pytest.mark.parametrize("installed", [False, True], ids=["no docker", "no engine"])
def test_nobody_to_ask_is_said_in_one_line(made: Clone, tmp_path: Path, installed: bool) -> None:
    if installed and shutil.which("docker") is None:
        pytest.skip("Docker's command is not installed")
    told = subprocess.run(
        (sys.executable, str(ROOT / "compose/clone.py"), "--if-any", "down"),
        cwd=made("here"),
        env={"PATH": os.environ["PATH"] if installed else "/nowhere", "DOCKER_HOST": f"unix://{tmp_path}/no.sock"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (told.returncode, told.stdout) == (clone.NO_ENGINE, "")
    assert ("does not answer" if installed else "not installed") in told.stderr
    assert len(told.stderr.splitlines()) == 1 and "left alone" in told.stderr
