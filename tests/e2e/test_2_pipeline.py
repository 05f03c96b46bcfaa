"""The main job, done by the DAGs in Docker and seen from outside."""

from typing import Any

import pytest

from tests.outside.pipeline import *  # noqa: F403 (each outside assertion, in its order)

pytestmark = pytest.mark.usefixtures("pipeline")

MAX_MEMORY_MB = 6_000


def test_it_fits_a_laptop(figures: dict[str, Any]) -> None:
    assert figures.get("memory_after_pipeline_mb", 0) < MAX_MEMORY_MB
