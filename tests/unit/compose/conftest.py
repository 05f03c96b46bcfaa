"""The compose file as written, before anybody's settings are put in."""

from typing import Any

import pytest
import yaml

from tests.conftest import ROOT


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """The parsed compose file."""
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return parsed


@pytest.fixture(scope="session")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Its services."""
    found: dict[str, dict[str, Any]] = compose["services"]
    return found
