"""The commands in a network that is left through a proxy: MLflow is asked past it, the data set through it."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from connections.settings import Settings, machine_environment
from tests.integration.pipeline import Trained
from tests.recording_proxy import RecordingProxy, recording_proxy, without_proxies

AWAY = "http://files.example/encounters.csv"
SOCKS = "socks5://user:secret@127.0.0.1:9"
SECONDS = 120


@pytest.fixture
def proxy() -> Iterator[RecordingProxy]:
    with recording_proxy() as running:
        yield running


def _command(
    settings: Settings, network: Mapping[str, str], folder: Path, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    own = settings.as_environment("mlflow_pipeline_password") | {
        "MLFLOW_TRACKING_URI": settings.tracking_uri,
        "COLUMNS": "200",
    }
    return subprocess.run(
        (sys.executable, "-m", "readmission.cli", *arguments),
        env={**without_proxies(machine_environment()), **network, **own},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize("lower", [False, True], ids=["upper", "lower"])
def test_a_command_asks_mlflow_past_every_proxy(
    trained: Trained, proxy: RecordingProxy, tmp_path: Path, lower: bool
) -> None:
    network = proxy.environment(lower=lower) | {"all_proxy": SOCKS}
    done = _command(trained.settings, network, tmp_path, "export", "--folder", str(tmp_path / "models"))
    assert (done.returncode, proxy.asked) == (0, []), done.stderr
    assert [path.suffix for path in (tmp_path / "models").iterdir()]


def test_the_data_set_comes_through_the_proxy(settings: Settings, proxy: RecordingProxy, tmp_path: Path) -> None:
    done = _command(settings, proxy.environment() | {"ALL_PROXY": SOCKS}, tmp_path, "load", "--source", AWAY)
    assert done.returncode == 1 and set(proxy.asked) == {AWAY}
    assert f"{AWAY} answered 502 Bad Gateway, through the proxy of HTTP_PROXY" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("value", [SOCKS, "http://proxy:port"])
def test_a_proxy_that_cannot_be_used_is_named_and_never_gone_around(
    settings: Settings, tmp_path: Path, value: str
) -> None:
    with recording_proxy() as site:  # what would answer if the proxy were gone around
        away = f"{site.address.replace('127.0.0.1', '127.0.0.2')}/encounters.csv"
        done = _command(settings, {"ALL_PROXY": value}, tmp_path, "load", "--source", away)
    assert done.returncode == 1 and site.asked == []
    assert "the proxy that ALL_PROXY names cannot be used" in " ".join(done.stderr.split())
    assert "secret" not in done.stderr and "Traceback" not in done.stderr
