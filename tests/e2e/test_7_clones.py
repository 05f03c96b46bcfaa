"""Two clones with one project name: `make` leaves another's containers alone, and asks its own at their addresses."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import ROOT, SHELL, docker, engine_environment
from tests.free_ports import free_port

PROJECT = f"readmission-clones-{os.getpid()}"
# A service with an address, as small as one can be, and a job.
COMPOSE = """
services:
  mlflow:
    image: {image}
    command: [python, -c, "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=5000)"]
    working_dir: /served
    volumes: ["./served:/served:ro"]
    ports: ["127.0.0.1:{port}:5000"]
    restart: unless-stopped
    stop_grace_period: 0s
  bucket:
    image: {image}
    command: ["true"]
    restart: "no"
"""
Make = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def clones(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Two folders with the Makefile, one project name, and the same two services; the first one's run."""
    made = _clone(tmp_path / "first"), _clone(tmp_path / "second")
    _docker_compose(made[0], "up", "--detach", "--wait", "mlflow")
    _docker_compose(made[0], "up", "bucket")
    yield made
    subprocess.run(("docker", "compose", "--project-name", PROJECT, "down", "--timeout", "0"), cwd=tmp_path, check=True)


def _clone(folder: Path) -> Path:
    (folder / "served").mkdir(parents=True)
    (folder / "served/health").write_text("OK", encoding="utf-8")
    for name in ("compose", "connections", "scripts"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("Makefile", "compose.mk", "k8s.mk"):
        shutil.copy(ROOT / name, folder)
    text = COMPOSE.format(image=SHELL, port=free_port())
    (folder / "docker-compose.yml").write_text(text, encoding="utf-8")
    (folder / ".env").write_text(f"COMPOSE_PROJECT_NAME={PROJECT}\n", encoding="utf-8")
    return folder


def _docker_compose(folder: Path, *arguments: str) -> None:
    subprocess.run(("docker", "compose", *arguments), cwd=folder, env=engine_environment(), check=True, timeout=120)


def _make(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ("make", "--silent", "--no-print-directory", *arguments)
    return subprocess.run(command, cwd=folder, env=engine_environment(), capture_output=True, text=True, timeout=120)


def _running() -> list[str]:
    return docker("ps", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}").split()


def test_another_clones_containers_are_refused_and_stay(clones: tuple[Path, Path]) -> None:
    first, second = clones
    for target in ("down", "ps", "run-pipeline"):
        told = _make(second, target)
        assert told.returncode != 0 and str(first) in told.stderr and "another name" in told.stderr, target
    assert len(_running()) == 1


def test_its_own_are_shown_and_stopped(clones: tuple[Path, Path]) -> None:
    first, _ = clones
    told = _make(first, "status")
    assert told.returncode == 0, told
    assert "answers" in told.stdout and "done" in told.stdout
    assert _make(first, "down").returncode == 0
    assert _running() == []
    assert _make(first, "down").returncode == 0


def test_a_service_that_no_longer_answers_fails_the_status(clones: tuple[Path, Path]) -> None:
    first, _ = clones
    (first / "served/health").unlink()
    told = _make(first, "status")
    assert told.returncode != 0 and "does not answer" in told.stdout


def test_a_clone_that_moved_finds_its_containers(clones: tuple[Path, Path]) -> None:
    first, _ = clones
    moved = first.rename(first.with_name("moved"))
    assert _make(moved, "ps").returncode == 0
    assert _make(moved, "down").returncode == 0
    assert _running() == []
