"""Brings up the platform in Docker as a project of its own, and takes everything of it away at the end."""

import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.e2e import made
from tests.e2e.stack import ROOT, Stack, docker, images, leftovers
from tests.outside.browser import TakePicture, save
from tests.outside.figures import Figures, collect
from tests.outside.pipeline import FEWER_TREES
from tests.outside.platform import Outside

PROJECT = "readmission-e2e"
SUMMARY = ROOT / "e2e-summary.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    """A stack takes minutes to come up, which nobody who works on these tests wants each time."""
    parser.addoption("--keep-stack", action="store_true", help="use the stack that runs, and leave it (development)")


def pytest_configure(config: pytest.Config) -> None:
    """Makes room for the figures that tests measure."""
    collect(config, SUMMARY)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs a Docker engine; each has time for images to be built."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, figures: Figures
) -> Iterator[Stack]:
    """The platform, healthy, before any DAG has run; nothing of it is left after the session."""
    kept = Path(f"/tmp/{PROJECT}")
    if request.config.getoption("--keep-stack"):
        kept.mkdir(exist_ok=True)
        running = made.prepared(PROJECT, kept, figures)
        running.up()
        yield running
        return
    fresh = made.prepared(PROJECT, tmp_path_factory.mktemp("e2e"), figures)
    try:
        fresh.remove()
        made.built_and_started(fresh, figures)
        yield fresh
    finally:
        fresh.remove()
        if built := images(PROJECT):
            docker("image", "rm", *built)
    assert leftovers(PROJECT) + leftovers(f"{PROJECT}-refused") + images(PROJECT) == []


@pytest.fixture(scope="module")
def room(request: pytest.FixtureRequest) -> None:
    """Networks and processors for a stack of a module's own, the last one: the platform is taken away before it.

    Docker's own pools give thirty networks, and a platform has thirteen: with another of this machine's there are not
    enough for two of this suite at once.
    """
    if not request.config.getoption("--keep-stack"):
        docker("compose", "--project-name", PROJECT, "--profile", "*", "down", "--timeout", "5")


@pytest.fixture(scope="session")
def outside(stack: Stack) -> Outside:
    """The same, as the outside assertions see it."""
    return stack


@pytest.fixture
def picture() -> TakePicture:
    """Pictures are taken of this platform, for the README."""
    return save


@pytest.fixture(scope="session")
def pipeline(request: pytest.FixtureRequest, stack: Stack, figures: Figures) -> None:
    """The four DAGs, run by hand in order, as `make run-pipeline` does."""
    if request.config.getoption("--keep-stack") and stack.ask("/health/ready").is_success:
        return
    begun = monotonic()
    program = ("python", "/opt/airflow/run_pipeline.py", "--conf", json.dumps(FEWER_TREES))
    said = stack.compose("run", "--rm", "--no-deps", "-T", "run-pipeline", *program)
    assert "all four DAGs succeeded" in said
    figures["pipeline_seconds"] = round(monotonic() - begun, 1)
    figures["memory_after_pipeline_mb"] = stack.memory_mb()
