"""Shells beside empty databases, beside a prepared set, and beside a version in production."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connections.settings import Settings, get_settings
from tests.integration.cli.shell import Shell
from tests.integration.pipeline import Trained, copied


@pytest.fixture
def shell(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell beside empty databases, and no MLflow."""
    yield Shell(settings, monkeypatch)
    get_settings.cache_clear()


@pytest.fixture
def trained_shell(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell beside a prepared set, with an experiment and a registered model of the test's own."""
    yield Shell(copied(trained.settings, tmp_path, f"cli_{tmp_path.name}"), monkeypatch)
    get_settings.cache_clear()


@pytest.fixture
def production_shell(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell beside the version in production: for commands that change nothing."""
    yield Shell(trained.settings, monkeypatch)
    get_settings.cache_clear()
