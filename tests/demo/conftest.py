"""Runs the demo once for the tests of this folder, which `make demo-check` asks for."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connections.settings import UCI_ARCHIVE, Settings
from tests.demo.watched import DEMO_SECONDS, Watched
from tests.free_ports import free_offset
from tests.recording_proxy import RecordingProxy, recording_proxy

WATCHED = pytest.StashKey[Watched]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the demo is to run on."""
    parser.addoption("--source", default=UCI_ARCHIVE, help="the demo's DATASET_SOURCE")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what takes minutes and most of the machine; the first test has time for the whole demo."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.demo)
            item.add_marker(pytest.mark.timeout(DEMO_SECONDS + 120))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints what was measured."""
    demo = config.stash.get(WATCHED, None)
    if demo is not None:
        terminalreporter.section("demo")
        terminalreporter.write_line(f"peak memory: {demo.peak_memory / 1e9:.2f} GB (PSS)")
        if demo.summary is not None:
            steps = ", ".join(f"{step} {seconds:.0f}" for step, seconds in demo.summary.seconds.items())
            terminalreporter.write_line(f"seconds: {steps}")


@pytest.fixture(scope="session")
def hospital() -> Iterator[RecordingProxy]:
    """The proxy of the network that the demo runs in: a way to the internet, and to nothing of the platform's."""
    with recording_proxy() as proxy:
        yield proxy


@pytest.fixture(scope="session")
def demo(
    request: pytest.FixtureRequest, private_settings: Callable[[Path], Settings], hospital: RecordingProxy
) -> Iterator[Watched]:
    """The demo after its end, with its services up; they are stopped and its folder is gone after the session."""
    with tempfile.TemporaryDirectory(prefix="readmission-demo-") as folder:
        settings = private_settings(Path(folder))
        settings = settings.model_copy(
            update={"dataset_source": request.config.getoption("--source"), "api_auth": "on"}
        )
        moved = settings.model_copy(update={"port_offset": free_offset(settings)})
        # The platform's own addresses begin with http://; a data set that is downloaded comes by https.
        with Watched(moved, {"HTTP_PROXY": hospital.address}) as watched:
            request.config.stash[WATCHED] = watched
            watched.run()
            yield watched
